// The REST API for one person. Tokens stay in memory: a script of another page, or a later visitor
// of this browser, finds none.

const API = "/api/v1";

/** What the API refused; `status` is 0 where nothing answered. */
export class Refusal extends Error {
  constructor(status, message, code = "", retryAfter = 0) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

async function request(method, path, body, token) {
  const headers = { accept: "application/json" };
  if (token) headers.authorization = `Bearer ${token}`;
  if (body !== undefined) headers["content-type"] = "application/json";
  let response;
  try {
    response = await fetch(API + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    });
  } catch {
    throw new Refusal(0, "the server does not answer");
  }
  const said = response.status === 204 ? {} : await response.json().catch(() => ({}));
  if (response.ok) return said.data;
  const issues = (said.details ?? []).map(({ field, issue }) => `${field} ${issue}`).join("; ");
  const text = [said.message ?? `the server says ${response.status}`, issues].filter(Boolean).join(": ");
  throw new Refusal(response.status, text, said.code, Number(response.headers.get("retry-after")) || 0);
}

/** Somebody who is signed in. */
export class Session {
  #tokens;
  #renewal = null;

  constructor(username, tokens) {
    this.username = username;
    this.#tokens = tokens;
  }

  static async signIn(username, password) {
    return new Session(username, await request("POST", "/auth/login", { login: username, password }));
  }

  static async register(username, email, password) {
    return new Session(username, await request("POST", "/auth/register", { username, email, password }));
  }

  get token() {
    return this.#tokens.access_token;
  }

  /** A new access token; callers that come together share one renewal. Throws a 401 where the session is over. */
  renew() {
    const body = { refresh_token: this.#tokens.refresh_token };
    this.#renewal ??= request("POST", "/auth/refresh", body)
      .then((tokens) => { this.#tokens = tokens; })
      .finally(() => { this.#renewal = null; });
    return this.#renewal;
  }

  /** The `data` of an answer; an access token that has ended is renewed once. */
  async call(method, path, body) {
    try {
      return await request(method, path, body, this.token);
    } catch (refusal) {
      if (refusal.status !== 401) throw refusal;
      await this.renew();
      return request(method, path, body, this.token);
    }
  }

  end() {
    return request("POST", "/auth/logout", { refresh_token: this.#tokens.refresh_token });
  }
}
