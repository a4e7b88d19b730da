// A task's page: before its job is called off it is said what that does. Flower's own script sends the wish.

const asked = document.getElementById("asked");

document.getElementById("ask-first")?.addEventListener("click", () => asked.showModal());
// the answer is told beside the page, which an open dialog would cover
document.getElementById("task-revoke")?.addEventListener("click", () => asked.close());
