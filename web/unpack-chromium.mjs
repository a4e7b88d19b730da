// Unpacks the browser of @sparticuz/chromium, which the package ships brotli-compressed, into the directory named by
// the second argument. Run at set-up by tools/setup-browsers.sh; the package's own code is not run.
import { createReadStream, createWriteStream } from "node:fs";
import { chmod, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

const [packed, target] = process.argv.slice(2);
await mkdir(target, { recursive: true });
for (const name of ["chromium", "swiftshader.tar"]) {
  const partial = join(target, `.${name}.partial`);
  await pipeline(createReadStream(join(packed, `${name}.br`)), createBrotliDecompress(), createWriteStream(partial));
  await rename(partial, join(target, name));
}
await chmod(join(target, "chromium"), 0o755);
