// Puts the page together: forms to the API, frames of the channel to the view.

import { Session } from "./api.js";
import { Channel } from "./channel.js";
import { view } from "./view.js";

const byId = (id) => document.getElementById(id);
let session = null;
let channel = null;
let isNew = false;

/** Runs a form's action; its button waits meanwhile, and what is refused is said beside it. */
function onSubmit(form, answer, act) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("[type=submit]");
    const fields = Object.fromEntries(new FormData(form));
    button.disabled = true;
    answer.textContent = "";
    answer.classList.remove("problem");
    try {
      answer.textContent = (await act(fields)) ?? "";
    } catch (refusal) {
      answer.classList.add("problem");
      answer.textContent = refusal.message;
    }
    button.disabled = false;
  });
}

async function enter({ username, email, password }) {
  session = isNew ? await Session.register(username, email, password) : await Session.signIn(username, password);
  byId("sign-in").reset();
  view.enter(username);
  const seq = await showFeed();
  channel = new Channel(session, seq, showFeed);
  channel.addEventListener("state", ({ detail }) => view.state(detail));
  channel.addEventListener("frame", ({ detail }) => take(detail));
  channel.addEventListener("over", () => leave("Your session is over: sign in again."));
  channel.run();
}

/** Shows the newest notifications; returns the seq after which the channel goes on. */
async function showFeed() {
  const [{ notifications }, counts] = await Promise.all([
    session.call("GET", "/notification/feed?limit=50"),
    session.call("GET", "/notification/unread-count"),
  ]);
  view.list.replaceChildren();
  for (const one of notifications) view.add(one, read);
  view.markSeen(counts.seen_up_to_seq);
  return notifications[0]?.seq ?? 0;
}

function take(frame) {
  view.wire(frame);
  if (frame.unread !== undefined) view.unread(frame.unread);
  if (frame.unread === 0) view.markAll();
  if (frame.type === "read") view.markRead(frame); // on another device, as the next two
  if (frame.type === "seen") view.markSeen(frame.up_to_seq);
  if (frame.type === "archived") archived(frame);
  if (frame.type === "notification") view.add(frame.data, read, { isNew: true });
  if (frame.type === "withdrawn") view.remove(frame.id);
}

/** Archived ones leave the list; those that are taken back come to their old place. */
function archived({ ids, archived: areGone }) {
  for (const id of ids) {
    if (areGone) view.remove(id);
    else session.call("GET", `/notification/${id}`).then((one) => view.add(one, read), () => {}); // gone meanwhile
  }
}

async function read(id) {
  view.mark(id, true);
  if (!channel.say({ type: "read", id })) await session.call("PUT", `/notification/${id}/read`);
}

function leave(why = "") {
  channel?.stop();
  channel = session = null;
  view.enter(null);
  byId("door-problem").textContent = why;
}

onSubmit(byId("sign-in"), byId("door-problem"), enter);

onSubmit(byId("follow"), byId("follow").querySelector(".answer"), async ({ username }) => {
  const { id } = await session.call("GET", `/users/username/${encodeURIComponent(username)}`);
  await session.call("POST", "/relation/follow", { followee_id: id });
  byId("follow").reset();
  return `You follow ${username}.`;
});

onSubmit(byId("post"), byId("post").querySelector(".answer"), async ({ title, content }) => {
  await session.call("POST", "/posts", { title, content });
  byId("post").reset();
  return "Posted. Everyone who follows you hears of it now.";
});

byId("read-all").addEventListener("click", async () => {
  const all = { type: "read_all", up_to_seq: channel.seq };
  view.markAll();
  if (!channel.say(all)) await session.call("PUT", "/notification/read-all", { up_to_seq: channel.seq });
});

byId("bell").addEventListener("click", async () => {
  view.list.querySelector("li:not(.read) button")?.focus();
  const all = { up_to_seq: channel.seq };
  if (!channel.say({ type: "seen", ...all })) await session.call("PUT", "/notification/seen", all);
});

byId("sign-out").addEventListener("click", async () => {
  const ending = session;
  leave();
  await ending.end().catch(() => {}); // it ends by itself some day
});

byId("switch").addEventListener("click", () => {
  isNew = !isNew;
  const form = byId("sign-in");
  byId("door-title").textContent = byId("enter").textContent = isNew ? "Make an account" : "Sign in";
  byId("switch").textContent = isNew ? "Have one? Sign in" : "New here? Make an account";
  byId("email-field").hidden = !isNew;
  form.elements.email.required = isNew;
  form.elements.password.autocomplete = isNew ? "new-password" : "current-password";
  form.elements.username.focus();
});
