// The live channel over every break: each notification once, in order. Its whole state is `seq`.

import { openSocket, openStream } from "./carriers.js";

const FIRST_DELAY = 500;
const LONGEST_DELAY = 10_000;
const SOCKET_TRIES = 2;

/** Fires `state` ({state, carrier, why, retryIn}), `frame` (every frame), and `over` where the session is. */
export class Channel extends EventTarget {
  #session;
  #onReset;
  #stop = new AbortController();
  #failures = 0;
  #neverOpened = 0;
  #send = () => false;

  /** `onReset` reads the feed, as too much was missed; the channel waits for it. */
  constructor(session, afterSeq, onReset) {
    super();
    this.#session = session;
    this.#onReset = onReset;
    this.seq = afterSeq;
  }

  async run() {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      // Where something on the way lets no WebSocket through, the same frames come as a stream.
      const carrier = this.#neverOpened < SOCKET_TRIES ? "WebSocket" : "SSE";
      const open = carrier === "WebSocket" ? openSocket : openStream;
      this.#tell("state", { state: "connecting", carrier });
      const connection = new AbortController();
      const signals = AbortSignal.any([signal, connection.signal]);
      const frames = new Sequence((frame, send) => this.#take(frame, send, carrier, connection));
      const ending = await open(this.#session.token, this.seq, frames.add, signals);
      await frames.done();
      this.#send = () => false;
      if (signal.aborted) return;
      if (ending.opened || carrier === "SSE") this.#neverOpened = 0;
      if (!(await this.#recovers(ending))) return;
    }
  }

  stop() {
    this.#stop.abort();
  }

  /** Say something through the socket; false where there is none, and HTTP has to do. */
  say(frame) {
    return this.#send(frame) !== false;
  }

  async #take(frame, send, carrier, connection) {
    if (connection.signal.aborted) return;
    switch (frame.type) {
      case "ready":
        this.#send = send;
        this.#tell("state", { state: "live", carrier });
        break;
      case "token_expiring":
        await this.#session.renew().then(
          () => send({ type: "token", access_token: this.#session.token }),
          () => {}, // the connection ends with its token, and the next one begins with a new one
        );
        break;
      case "reset":
        if (!(await this.#onReset().then(() => true, () => false))) {
          this.#failures ||= 1; // what could not be read now cannot be at once
          connection.abort(); // it is resumed, and reset, again
          return;
        }
        this.seq = frame.seq;
        break;
      default:
        // Those of several places count; a frame without a seq moves nothing.
        if (frame.seq === undefined) break;
        if (frame.seq <= this.seq) return;
        if (frame.seq > this.seq + 1) {
          connection.abort(); // a gap: what was left out comes with `resume`
          return;
        }
        this.seq = frame.seq;
    }
    if (proves(frame, this.seq)) this.#failures = 0;
    this.#tell("frame", frame);
  }

  /** Wait as the ending asks; false where there is nothing to come back to. */
  async #recovers({ opened, code, reason, retryAfter = 0 }) {
    const delay = this.#delay(code, reason, retryAfter);
    this.#tell("state", { state: "offline", why: reason || `closed with ${code}`, retryIn: delay });
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, delay);
      this.#stop.signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); });
      addEventListener("online", resolve, { once: true });
    });
    // A refused handshake looks to a script like any other failure: the token may be the reason.
    if (code !== 4401 && opened) return true;
    try {
      await this.#session.renew();
      if (!opened) this.#neverOpened++; // the server is there: is it the WebSocket that fails?
    } catch (refusal) {
      if (refusal.status !== 401) return true;
      this.#tell("over", {});
      return false;
    }
    return true;
  }

  /** Milliseconds; drawn by lot, so that the clients of a lost server do not come back all at once. */
  #delay(code, reason, retryAfter) {
    const most = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** this.#failures++);
    if (code === 1012) return Number(/retry_after_ms=(\d+)/.exec(reason)?.[1] ?? Math.random() * most);
    if (this.#failures === 1 && (code === 4401 || code === 4408 || code === 1000)) return 0;
    const least = { 1013: 5_000, 4429: 30_000 }[code] ?? 0;
    return Math.max(least, retryAfter * 1000) + Math.random() * most;
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}

/** Whether a frame shows that the connection is good; behind a `ready` a reset may come, and fail. */
function proves({ type, seq }, reached) {
  return type === "ready" ? seq === reached : type !== "error";
}

/** Takes frames one after the other, also where taking one has to wait. */
class Sequence {
  #last = Promise.resolve();

  constructor(take) {
    this.add = (frame, send) => {
      this.#last = this.#last.then(() => take(frame, send));
    };
  }

  done() {
    return this.#last;
  }
}
