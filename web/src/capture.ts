/** Runs where the browser makes sound: passes on what the microphone gives, in blocks of 4,096. */
declare const registerProcessor: (name: string, kind: unknown) => void;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}

class Capture extends AudioWorkletProcessor {
  private block = new Float32Array(4096);
  private filled = 0;

  process([input]: Float32Array[][]): boolean {
    const samples = input[0];
    if (samples) {
      this.block.set(samples, this.filled);
      this.filled += samples.length;
      if (this.filled === this.block.length) {
        this.port.postMessage(this.block, [this.block.buffer]);
        this.block = new Float32Array(4096);
        this.filled = 0;
      }
    }
    return true;
  }
}

registerProcessor('capture', Capture);
