"""What stands in a browser's console: nothing that is no fault.

Gradio's client warns "Method not implemented." whenever it is done with a stream, which ends by
itself and has nothing to close. Who looks there for a fault would take it for one.
"""

SCRIPT = """
(() => {
  const warn = console.warn;
  console.warn = (...words) => {
    if (words.length !== 1 || words[0] !== "Method not implemented.") warn.apply(console, words);
  };
})();
"""
