"""Recordings that a browser does not call audio are let through to the decoder, which knows better.

Gradio's upload takes what the browser says is audio, by the file's name alone: not a voice message
called .webm or .3gp, which it says is video, nor one without an ending, of which it says nothing.
Such files are given a type of audio before Gradio sees them. Names that its server refuses, with a
dot in front or longer than most, are cut. The bytes stay. A file may be dropped anywhere on the
page, or pasted: it goes to the recorder that is in sight. What is pasted into text stays there, as
office programs put a picture beside the words.
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
  // Where Gradio takes none: onto the rest of the page, beside an answer, or out of the clipboard.
  const open = async () => {
    const block = [...document.querySelectorAll('[id$="recording"], [id$="recordings"]')]
      .find(one => one.offsetParent !== null);
    const press = one => one && one.click();
    for (let looks = 0; block && looks < 40; looks++) {
      const found = block.querySelector("input[type=file]");
      if (found) return found;
      const held = block.querySelector('audio[data-testid^="audio-player"]');
      press(held ? block.querySelector(".top-panel button:last-of-type")
        : block.querySelector(".source-selection button:not(.selected)"));
      await new Promise(resolve => setTimeout(resolve, 50));
    }
    return null;
  };
  const put = async files => {
    const chosen = taken(files), own = await open();
    if (!own) return;
    own.files = own.multiple ? chosen : taken([chosen[0]]);
    own.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const holds = moved => moved && [...moved.types].includes("Files");
  document.addEventListener("dragover", event => {
    if (holds(event.dataTransfer)) event.preventDefault();  // else the browser opens the file
  });
  document.addEventListener("drop", event => {
    if (!holds(event.dataTransfer) || event.defaultPrevented) return;
    event.preventDefault();
    if (event.dataTransfer.files.length) put(event.dataTransfer.files);
  });
  const text = 'textarea, [contenteditable]:not([contenteditable="false"]), '
    + "input:not([type=file], [type=checkbox], [type=radio], [type=range], [type=button])";
  document.addEventListener("paste", event => {
    if (event.target.closest && event.target.closest(text)) return;
    if (!holds(event.clipboardData) || !event.clipboardData.files.length) return;
    event.preventDefault();
    put(event.clipboardData.files);
  });
  new MutationObserver(widen).observe(document, { childList: true, subtree: true });
})();
"""
