/** The API, with types from its OpenAPI document and the session's token in every request. */

import createClient from "openapi-fetch";

import { idToken } from "@/features/auth/cognito";

import { ApiError, NetworkError } from "./errors";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

export const api = createClient<paths>({ baseUrl: "/app" });

api.use({
  async onRequest({ request }) {
    const token = await idToken();
    // Signed out in the meantime, by this tab or because the session ran out: nothing here is for nobody.
    if (!token) throw new ApiError(401, "unauthorized", "the session has ended", null);
    request.headers.set("Authorization", `Bearer ${token}`);
    return request;
  },
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** What a call answered. Throws ApiError for what the server refuses, NetworkError where it cannot be reached. */
export async function answered<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof TypeError) throw new NetworkError(); // all that fetch says of a broken connection
    throw error;
  }
  if (!answer.response.ok) throw ApiError.of(answer.response, answer.error);
  return answer.data as T;
}
