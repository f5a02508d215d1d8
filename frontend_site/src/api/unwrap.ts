import { ApiError, NetworkError } from "./errors";

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
