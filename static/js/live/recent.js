// The frames that were shown last. What is read from the server may be older than some of them, and has them done to it
// once more; only a page that is older than all of them has to ask for what it missed.

const MOST_FRAMES = 100;

export class Recent {
  constructor() {
    this.frames = [];
  }

  add(frame) {
    this.frames.push(frame);
    if (this.frames.length > MOST_FRAMES) this.frames.shift();
  }

  clear() {
    this.frames = [];
  }

  // Those that lead on from there; null when what came right after it is not among them any more.
  since(seq) {
    const frames = this.frames.filter((frame) => frame.seq > seq);
    return frames.length && frames[0].prev <= seq ? frames : null;
  }
}
