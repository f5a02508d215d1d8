import { expect, it } from "vitest";

import { appCodeProblem, signInProblem } from "./messages";

const named = (name: string, message = "raw") => Object.assign(new Error(message), { name });

it("says what to do", () => {
  expect(signInProblem(named("CodeMismatchException"))).toMatch(/latest mail/);
  expect(signInProblem(named("LimitExceededException"))).toMatch(/Wait a few minutes/);
  expect(signInProblem(named("NotAuthorizedException", "Password attempts exceeded"))).toMatch(/Wait a few minutes/);
  expect(signInProblem(new TypeError("Failed to fetch"))).toMatch(/cannot be reached/);
});

it("does not tell who has an account", () => {
  expect(signInProblem(named("UserNotFoundException"))).toBe(signInProblem(named("NotAuthorizedException")));
});

it("names the rule that a password breaks", () => {
  const error = named(
    "InvalidPasswordException",
    "Password did not conform with policy: Password must have numeric characters",
  );
  expect(signInProblem(error)).toBe("The password does not do: have numeric characters.");
  expect(
    signInProblem(named("InvalidPasswordException", "Password did not conform with policy: Password not long enough")),
  ).toBe("The password does not do: not long enough.");
});

it("tells a wrong code of an app from one of a mail", () => {
  expect(appCodeProblem(named("CodeMismatchException"))).toMatch(/the app shows/);
  expect(appCodeProblem(named("EnableSoftwareTokenMFAException"))).toMatch(/the app shows/);
  expect(appCodeProblem(named("NotAuthorizedException", "Invalid session for the user"))).toMatch(/Sign in again/);
  expect(appCodeProblem(named("LimitExceededException"))).toMatch(/Wait a few minutes/);
});

it("shows what nobody foresaw as it is", () => {
  expect(signInProblem(named("NewException", "the moon is full"))).toBe("the moon is full");
  expect(signInProblem("?")).toMatch(/failed/);
});
