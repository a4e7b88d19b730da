@group(0) @binding(0) var<storage, read> left: array<f32>;
@group(0) @binding(1) var<storage, read> right: array<f32>;
@group(0) @binding(2) var<storage, read_write> product: array<f32>;
@group(0) @binding(3) var<storage, read> words: array<u32>;
@group(0) @binding(4) var<storage, read_write> scrambled: array<u32>;

@compute @workgroup_size(8, 8)
fn multiply(@builtin(global_invocation_id) at: vec3<u32>) {
  let size = u32(sqrt(f32(arrayLength(&product))));
  var sum = 0.0;
  for (var k = 0u; k < size; k++) {
    sum += left[at.y * size + k] * right[k * size + at.x];
  }
  product[at.y * size + at.x] = max(sum, 0.0) * 0.5 + 0.25;
}

@compute @workgroup_size(64)
fn scramble(@builtin(global_invocation_id) at: vec3<u32>) {
  var word = words[at.x];
  word ^= word << 13u;
  word ^= word >> 17u;
  word ^= word << 5u;
  scrambled[at.x] = word * 2654435761u + at.x;
}
