/** API client, typed by the OpenAPI document; it adds the session's token to every request. */

import createClient from "openapi-fetch";

import { idToken } from "@/features/auth/cognito";
import { reportEnded } from "@/features/auth/ended";

import { ApiError, NetworkError } from "./errors";
import type { components, paths } from "../../../clients/typescript/src/schema";

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

interface Result<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Return the data of a call. Throws ApiError for an error response, NetworkError if the server cannot be reached. */
export async function unwrap<T>(call: Promise<Result<T>>): Promise<T> {
  let result: Result<T>;
  try {
    result = await call;
  } catch (error) {
    if (error instanceof TypeError) throw new NetworkError(); // the only error that fetch gives for a broken connection
    throw error;
  }
  if (!result.response.ok) throw ApiError.of(result.response, result.error);
  return result.data as T;
}
