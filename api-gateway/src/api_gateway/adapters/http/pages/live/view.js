// What the page shows. All text goes in as text: other people write it.

const byId = (id) => document.getElementById(id);
const WIRE_LINES = 50;

export const view = {
  door: byId("door"),
  room: byId("room"),
  list: byId("list"),

  /** Show the room of somebody, or with null the door. */
  enter(username) {
    byId("door").hidden = username !== null;
    byId("room").hidden = byId("session").hidden = username === null;
    byId("who").textContent = username ?? "";
    this.list.replaceChildren();
    byId("wire").replaceChildren();
    this.unread(0);
    (username === null ? byId("sign-in").elements.username : byId("follow").elements.username).focus();
  },

  state({ state, carrier, why, retryIn }) {
    const seconds = Math.ceil((retryIn ?? 0) / 1000);
    const words = {
      live: `live · ${carrier}`,
      connecting: "connecting …",
      offline: seconds ? `offline, back in ${seconds} s` : "offline",
    };
    byId("state").dataset.state = state;
    byId("state").textContent = words[state];
    byId("state").title = why ?? "";
  },

  unread(count) {
    byId("unread").textContent = count > 99 ? "99+" : count;
    byId("unread").hidden = byId("read-all").disabled = count === 0;
    byId("bell").setAttribute("aria-label", `Notifications, ${count || "none"} unread`);
    document.title = count ? `(${count}) Pinstack live` : "Pinstack live";
  },

  /** A line of the list, at its place: newest first. `onRead` is what its button does. */
  add(notification, onRead, { isNew = false } = {}) {
    const item = byId("entry").content.firstElementChild.cloneNode(true);
    const { name, text } = headline(notification);
    const at = new Date(notification.created_at);
    item.dataset.id = notification.id;
    item.dataset.seq = notification.seq;
    item.querySelector(".avatar").textContent = [...name][0]?.toUpperCase() ?? "•";
    item.querySelector(".avatar").dataset.hue = hue(name);
    item.querySelector(".text").textContent = text;
    item.querySelector("time").dateTime = notification.created_at;
    item.querySelector("time").textContent = `${at.toLocaleTimeString()} · seq ${notification.seq}`;
    item.querySelector("button").addEventListener("click", () => onRead(notification.id));
    item.querySelector("button").setAttribute("aria-label", `Mark as read: ${text}`);
    item.classList.toggle("new", isNew);
    item.classList.add("unseen");
    this.remove(notification.id);
    const isOlder = ({ dataset }) => Number(dataset.seq) < notification.seq;
    this.list.insertBefore(item, [...this.list.children].find(isOlder) ?? null);
    this.mark(notification.id, notification.is_read);
  },

  mark(id, isRead) {
    const item = this.find(id);
    if (!item) return;
    item.classList.toggle("read", isRead);
    if (isRead) item.classList.remove("unseen");
    item.querySelector("button").hidden = isRead;
  },

  markAll() {
    for (const item of this.list.children) this.mark(item.dataset.id, true);
  },

  /** What a `read` frame names: some by id, or all up to a seq. */
  markRead({ ids = [], up_to_seq: upTo = 0 }) {
    for (const id of ids) this.mark(id, true);
    for (const item of this.list.children) {
      if (Number(item.dataset.seq) <= upTo) this.mark(item.dataset.id, true);
    }
  },

  /** The owner has looked at everything up to a seq; it stays unread. */
  markSeen(upTo) {
    for (const item of this.list.children) {
      if (Number(item.dataset.seq) <= upTo) item.classList.remove("unseen");
    }
  },

  find(id) {
    return this.list.querySelector(`[data-id="${Number(id)}"]`);
  },

  remove(id) {
    this.find(id)?.remove();
  },

  wire(frame) {
    const line = document.createElement("li");
    line.textContent = JSON.stringify(frame);
    byId("wire").prepend(line);
    if (byId("wire").children.length > WIRE_LINES) byId("wire").lastElementChild.remove();
  },
};

/** What a notification tells, and who it is about. */
function headline({ type, payload, actor_id: actor }) {
  if (actor === undefined && type === "follow_created") {
    return { name: payload.follower_username, text: `${payload.follower_username} follows you` };
  }
  if (actor === undefined && type === "post_created") {
    return { name: payload.author_username, text: `${payload.author_username} wrote “${payload.title}”` };
  }
  const said = payload === undefined ? "" : `: ${JSON.stringify(payload).slice(0, 200)}`;
  return { name: type, text: `${type}${actor ? ` from user ${actor}` : ""}${said}` };
}

/** One of six colours, the same for a name every time. */
function hue(name) {
  return [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % 6;
}
