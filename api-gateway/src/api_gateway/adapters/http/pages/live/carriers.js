// The two carriers of the live channel. Each is opened, hands over frames, and ends:
// `{opened, code, reason, retryAfter}`, with the close codes of the WebSocket for both.

const PATH = "/api/v1/notification";

/** Milliseconds without a frame after which a connection is dead: the server says `ping` every 25 s. */
const SILENCE = 60_000;

/** Runs `dead` when nobody has called the result for a while; `stop` it in the end. */
function watchdog(dead) {
  let timer;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(dead, SILENCE);
  };
  alive.stop = () => clearTimeout(timer);
  alive();
  return alive;
}

/** A WebSocket. A browser cannot set header fields, so the token travels as a subprotocol. */
export function openSocket(token, afterSeq, onFrame, signal) {
  return new Promise((resolve) => {
    const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${PATH}/ws`;
    const socket = new WebSocket(url, ["pinstack.v1", `bearer.${token}`]);
    let opened = false;
    const send = (frame) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(frame));
    const end = (code, reason) => {
      alive.stop();
      socket.onclose = socket.onmessage = null;
      socket.close();
      resolve({ opened, code, reason });
    };
    const alive = watchdog(() => end(1006, "silent for too long"));
    socket.onopen = () => send({ type: "resume", after_seq: afterSeq });
    socket.onclose = ({ code, reason }) => end(code, reason);
    socket.onmessage = ({ data }) => {
      opened = true;
      alive();
      onFrame(JSON.parse(data), send);
    };
    signal.addEventListener("abort", () => end(1000, "closed by this page"));
  });
}

/** Server-Sent Events, by `fetch`: an EventSource cannot send a token. Nothing can be said back. */
export async function openStream(token, afterSeq, onFrame, signal) {
  const controller = new AbortController();
  signal.addEventListener("abort", () => controller.abort());
  const alive = watchdog(() => controller.abort());
  const ending = { opened: false, code: 1006, reason: "the stream broke", retryAfter: 0 };
  try {
    const headers = { authorization: `Bearer ${token}`, "last-event-id": String(afterSeq) };
    const response = await fetch(`${PATH}/stream`, { headers, signal: controller.signal });
    if (!response.ok) return { ...ending, ...refused(response) };
    for await (const frame of events(response.body, alive)) {
      ending.opened = true;
      if (frame.type === "error") Object.assign(ending, { code: codeOf(frame.code), reason: frame.message });
      onFrame(frame, () => false);
    }
  } catch (error) {
    ending.reason = error.message;
  } finally {
    alive.stop();
  }
  return ending;
}

const CODES = { TOKEN_EXPIRED: 4401, TOKEN_REVOKED: 4401, CLIENT_TOO_SLOW: 4408, RESTARTING: 1012 };

function codeOf(error) {
  return CODES[error] ?? 1006;
}

function refused(response) {
  const code = { 401: 4401, 429: 4429, 503: 1013 }[response.status] ?? 1006;
  return { code, reason: `refused (${response.status})`, retryAfter: Number(response.headers.get("retry-after")) || 0 };
}

/** The data of events, parsed (HTML Living Standard, 9.2.6); comments only show that the stream lives. */
async function* events(body, alive) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const data = block.split("\n").filter((line) => line.startsWith("data: "));
      if (data.length) yield JSON.parse(data.map((line) => line.slice(6)).join("\n"));
    }
  }
}
