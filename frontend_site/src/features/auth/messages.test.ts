import { expect, it } from "vitest";

import { appCodeProblem, signInProblem } from "./messages";

const named = (name: string, message = "raw") => Object.assign(new Error(message), { name });

it("explains what to do", () => {
  expect(signInProblem(named("CodeMismatchException"))).toMatch(/latest email/);
  expect(signInProblem(named("LimitExceededException"))).toMatch(/Wait a few minutes/);
  expect(signInProblem(named("NotAuthorizedException", "Password attempts exceeded"))).toMatch(/Wait a few minutes/);
  expect(signInProblem(new TypeError("Failed to fetch"))).toMatch(/Can't reach/);
});

it("does not reveal who has an account", () => {
  expect(signInProblem(named("UserNotFoundException"))).toBe(signInProblem(named("NotAuthorizedException")));
});

it.each([
  ["Password must have numeric characters", "Add a digit."],
  ["Password not long enough", "Use at least 12 characters."],
  [
    "Password must have uppercase characters; Password must have symbol characters",
    "Add an uppercase letter and a symbol.",
  ],
  [
    "Password not long enough; Password must have lowercase characters",
    "Use at least 12 characters. Add a lowercase letter.",
  ],
  ["Password must be unusual", "This password doesn't meet the requirements."],
])("names what a password lacks: %s", (rules, expected) => {
  const error = named("InvalidPasswordException", `Password did not conform with policy: ${rules}`);
  expect(signInProblem(error)).toBe(expected);
});

it("distinguishes a wrong app code from a wrong emailed code", () => {
  expect(appCodeProblem(named("CodeMismatchException"))).toMatch(/Enter the current one/);
  expect(appCodeProblem(named("EnableSoftwareTokenMFAException"))).toMatch(/Enter the current one/);
  expect(appCodeProblem(named("NotAuthorizedException", "Invalid session for the user"))).toMatch(/Sign in again/);
  expect(appCodeProblem(named("LimitExceededException"))).toMatch(/Wait a few minutes/);
});

it("shows unknown errors as they are", () => {
  expect(signInProblem(named("NewException", "the moon is full"))).toBe("the moon is full");
  expect(signInProblem("?")).toMatch(/went wrong/);
});
