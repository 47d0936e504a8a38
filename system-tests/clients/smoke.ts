// Two people meet, through the client that is generated from the document: `node smoke.js URL`.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Client = ReturnType<typeof createClient<paths>>;
type Notification = components["schemas"]["NotificationData"];

const baseUrl = process.argv[2];
assert(baseUrl, "usage: node smoke.js URL");
const PASSWORD = "harbour at dawn";
const PATIENCE_MS = 20_000;

async function person(name: string): Promise<{ client: Client; id: number; username: string }> {
  const username = `${name}-${randomUUID().slice(0, 8)}`;
  const account = { username, email: `${username}@example.com`, password: PASSWORD };
  const anybody = createClient<paths>({ baseUrl: baseUrl! });
  const made = await anybody.POST("/api/v1/auth/register", { body: account });
  assert.equal(made.response.status, 201);
  const login = await anybody.POST("/api/v1/auth/login", {
    body: { login: username, password: PASSWORD },
  });
  assert(made.data && login.data);
  const headers = { authorization: `Bearer ${login.data.data.access_token}` };
  const client = createClient<paths>({ baseUrl: baseUrl!, headers });
  return { client, id: made.data.data.user.id, username };
}

async function firstNotification(client: Client): Promise<Notification> {
  for (const deadline = Date.now() + PATIENCE_MS; Date.now() < deadline; ) {
    const feed = await client.GET("/api/v1/notification/feed", {
      params: { query: { unread: true } },
    });
    const found = feed.data?.data.notifications?.[0];
    if (found) return found;
    await new Promise((wake) => setTimeout(wake, 100));
  }
  return assert.fail("no notification of the follow came");
}

const ada = await person("ada");
const bob = await person("bob");

const post = await ada.client.POST("/api/v1/posts", {
  body: { title: "Harbour at dawn", tags: ["sea"] },
});
assert.equal(post.data?.data.author_username, ada.username);

const list = await bob.client.GET("/api/v1/posts/list", {
  params: { query: { author_id: ada.id, tag: ["sea"] } },
});
assert.equal(list.data?.data.total, 1);
assert.equal(list.data.data.posts[0]?.author.id, ada.id);

const follow = await bob.client.POST("/api/v1/relation/follow", { body: { followee_id: ada.id } });
assert.equal(follow.data?.data.message, "Followed successfully");

const note = await firstNotification(ada.client);
assert.equal(note.type, "follow_created");
const read = await ada.client.PUT("/api/v1/notification/{notification_id}/read", {
  params: { path: { notification_id: note.id } },
});
assert.equal(read.data?.data.message, "Notification marked as read");

const again = await bob.client.POST("/api/v1/relation/follow", { body: { followee_id: ada.id } });
assert.equal(again.response.status, 409);
assert.equal(again.error?.code, "ALREADY_FOLLOWING");
const invalid = await ada.client.POST("/api/v1/posts", { body: { title: "" } });
assert.deepEqual(invalid.error?.details?.map((detail) => detail.field), ["title"]);

console.log("typescript client: ok");
