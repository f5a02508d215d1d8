/** API client, typed by the OpenAPI document; it adds the session's token to every request. */

import createClient from "openapi-fetch";

import { idToken } from "@/features/auth/cognito";
import { reportEnded } from "@/features/auth/ended";

import { ApiError } from "./errors";
import type { components, paths } from "../../../clients/typescript/src/schema";

export { unwrap } from "./unwrap";
export type Schemas = components["schemas"];

export const api = createClient<paths>({ baseUrl: "/app" });

api.use({
  async onRequest({ request }) {
    const token = await idToken();
    // The session may have ended since the page was opened.
    if (!token) {
      reportEnded();
      throw new ApiError(401, "unauthorized", "the session has ended", null);
    }
    request.headers.set("Authorization", `Bearer ${token}`);
    return request;
  },
  onResponse({ response }) {
    if (response.status === 401) reportEnded();
  },
});
