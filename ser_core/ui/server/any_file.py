"""Recordings that a browser does not call audio are let through to the decoder, which knows better.

Gradio's upload takes what the browser says is audio, by the file's name alone: not a voice message
called .webm or .3gp, which it says is video, nor one without an ending, of which it says nothing.
Such files are given a type of audio before Gradio sees them. Names that its server refuses, with a
dot in front or longer than most, are cut. The bytes stay.
"""

SCRIPT = """
(() => {
  const called = name => name.replace(/^[.]+/, "").slice(-120) || "recording";
  const known = file => /^audio\\//.test(file.type) && file.name === called(file.name);
  const typed = file => /^audio\\//.test(file.type) ? file.type : "audio/x-recording";
  const taken = files => {
    const all = new DataTransfer();
    for (const file of files) all.items.add(
      known(file) ? file : new File([file], called(file.name), { type: typed(file) }));
    return all.files;
  };
  const input = target => {
    const block = target.closest && target.closest('[id$="recording"], [id$="recordings"]');
    return block && block.querySelector("input[type=file]");
  };
  const widen = () => document.querySelectorAll('[id$="recording"] input[type=file]')
    .forEach(one => { if (one.accept && !one.accept.includes("video/*"))
      one.accept += ", video/*, .caf, .amr, .3gp, .w64, .sph, .qta, *"; });
  document.addEventListener("change", event => {
    const own = event.target.type === "file" && input(event.target);
    if (own && ![...own.files].every(known)) own.files = taken(own.files);
  }, true);
  document.addEventListener("drop", event => {
    const own = input(event.target), files = event.dataTransfer && event.dataTransfer.files;
    if (!own || !files || !files.length || [...files].every(known)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    own.files = taken(files);
    own.dispatchEvent(new Event("change", { bubbles: true }));
  }, true);
  new MutationObserver(widen).observe(document, { childList: true, subtree: true });
})();
"""
