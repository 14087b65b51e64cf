"""What stands under a recorder whose microphone gives no sound: in words, before any upload.

The sentences are in the page and hidden; SCRIPT, which the page carries once, shows the one that is
true. It asks for the microphone itself when Record is pressed: only where there is one does Gradio
see the press, and it is handed the same stream. While that is recorded, the script listens along:
until the first sound. Silence after that is a pause of whoever speaks, which browsers that suppress
noise make an entire one.
"""

from . import text
from .markup import Markup, fill, join

CLASS = "ser-microphone"

SCRIPT = """
(() => {
  const silent = 0.0005, faint = 0.004;  // peaks: below -66 dBFS nothing came, below -48 hardly any
  const patience = 2500, pause = 250;  // [ms] that a visitor may take to begin, between two looks
  const devices = navigator.mediaDevices;
  const find = recorder => document.getElementById(`${recorder}-microphone`);
  const say = (recorder, fault) => {
    const place = find(recorder);
    if (!place) return;
    const safari = /^((?!chrome|android|crios|fxios).)*safari/i.test(navigator.userAgent);
    const wanted = fault === "denied" && safari ? "denied-safari" : fault;
    place.querySelectorAll("[data-fault]").forEach(one => {
      if (one.hidden === (one.dataset.fault === wanted)) one.hidden = !one.hidden;
    });
  };
  const name = error => {
    const policy = document.permissionsPolicy || document.featurePolicy;
    if (error.name === "NotAllowedError" || error.name === "SecurityError") {
      if (policy && !policy.allowsFeature("microphone")) return "embedded";
      return /system/i.test(error.message) ? "system" : "denied";
    }
    return { NotFoundError: "missing", OverconstrainedError: "missing", NotReadableError: "busy",
             AbortError: "busy" }[error.name] || "failed";
  };
  const watch = (stream, recorder) => {
    const track = stream.getAudioTracks()[0], context = new AudioContext();
    const analyser = context.createAnalyser(), samples = new Float32Array(2048);
    analyser.fftSize = samples.length;
    context.createMediaStreamSource(stream).connect(analyser);
    context.resume().catch(() => {});
    let most = 0, waited = 0, sounded = false, gone = false;
    track.addEventListener("ended", () => { gone = true; });  // comes only where nobody stopped it
    const timer = setInterval(() => {
      if (track.readyState === "ended") {
        if (gone) say(recorder, "gone");
        clearInterval(timer);
        context.close();
        return;
      }
      if (track.muted) { say(recorder, "muted"); return; }
      if (sounded) { say(recorder, null); return; }
      if (context.state !== "running") return;
      analyser.getFloatTimeDomainData(samples);
      most = samples.reduce((peak, one) => Math.max(peak, Math.abs(one)), most);
      waited += pause;
      if (most >= faint) { sounded = true; say(recorder, null); return; }
      if (waited >= patience) say(recorder, most < silent ? "muted" : "faint");
    }, pause);
  };
  let ready = null, passed = null, asking = false;
  const release = stream => {
    if (ready !== stream) return;
    ready = null;
    stream.getTracks().forEach(track => track.stop());
  };
  if (devices && devices.getUserMedia) {
    devices.getUserMedia = async constraints => {
      const stream = ready;
      ready = null;
      return stream || MediaDevices.prototype.getUserMedia.call(devices, constraints);
    };
  }
  window.addEventListener("click", async event => {
    const button = event.target.closest && event.target.closest(".record-button");
    const block = button && button.closest("[id]:is(.block)");
    if (!block || !find(block.id) || button === passed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (asking) return;  // once more before the first press has its microphone
    say(block.id, null);
    if (!devices || !devices.getUserMedia) { say(block.id, "insecure"); return; }
    asking = true;
    try {
      const chosen = block.querySelector(".mic-select");
      const exact = chosen && chosen.value;
      const stream = await devices.getUserMedia(
        { audio: exact ? { deviceId: { exact } } : true });
      if (ready) release(ready);  // which nobody took
      ready = stream;
      setTimeout(() => release(stream), 5000);
      watch(stream, block.id);
      passed = button;
      button.click();
    } catch (error) {
      say(block.id, name(error));
    } finally {
      passed = null;
      asking = false;
    }
  }, true);
  document.addEventListener("change", event => {
    const block = event.target.type === "file" && event.target.closest("[id]:is(.block)");
    if (block) say(block.id, null);
  });
})();
"""


def draw_faults() -> Markup:
    """Draw what may be wrong with a microphone, each a hidden sentence that says what to do."""
    return join(
        fill('<p role="alert" data-fault="{fault}" hidden>{words}</p>', fault=fault, words=words)
        for fault, words in (
            ("denied", text.MIC_DENIED),
            ("denied-safari", text.MIC_DENIED_SAFARI),
            ("system", text.MIC_SYSTEM),
            ("embedded", text.MIC_EMBEDDED),
            ("missing", text.MIC_MISSING),
            ("busy", text.MIC_BUSY),
            ("insecure", text.MIC_INSECURE),
            ("failed", text.MIC_FAILED),
            ("gone", text.MIC_GONE),
            ("muted", text.MIC_MUTED),
            ("faint", text.MIC_FAINT),
        )
    )
