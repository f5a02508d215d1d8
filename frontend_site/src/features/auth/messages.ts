/** What Cognito's errors mean for the user. One that nobody foresaw is shown as it is. */

const MESSAGES: Record<string, string> = {
  NotAuthorizedException: "The address or the password is not right.",
  UserNotFoundException: "The address or the password is not right.", // who has an account is nobody's business
  UserNotConfirmedException: "This account has not been confirmed yet.",
  UsernameExistsException: "There is an account with this address already. Sign in, or reset its password.",
  AliasExistsException: "There is an account with this address already. Sign in, or reset its password.",
  CodeMismatchException: "This is not the code that was sent. Look at the latest mail.",
  ExpiredCodeException: "The code has expired. Ask for a new one.",
  CodeDeliveryFailureException: "The mail with the code could not be sent. Check the address.",
  LimitExceededException: "Too many attempts. Wait a few minutes and try again.",
  TooManyRequestsException: "Too many attempts. Wait a few minutes and try again.",
  TooManyFailedAttemptsException: "Too many attempts. Wait a few minutes and try again.",
  PasswordResetRequiredException: "This password must be reset before you can sign in.",
  UserAlreadyAuthenticatedException: "You are signed in already.",
  NetworkError: "The sign-in service cannot be reached. Check your connection and try again.",
};

export function signInProblem(error: unknown): string {
  if (!(error instanceof Error)) return "Something failed. Try again.";
  if (error.name === "InvalidPasswordException") return passwordProblem(error.message);
  if (error.name === "NotAuthorizedException" && /attempts exceeded/i.test(error.message)) {
    return "Too many attempts. Wait a few minutes and try again.";
  }
  // fetch says no more than that it failed.
  if (error instanceof TypeError) return MESSAGES.NetworkError ?? error.message;
  return MESSAGES[error.name] ?? (error.message || "Something failed. Try again.");
}

const WRONG_APP_CODES = ["CodeMismatchException", "EnableSoftwareTokenMFAException", "ExpiredCodeException"];
const SESSION_ENDS = ["NotAuthorizedException", "SignInException"]; // Cognito's, and Amplify's where it has none

/** As `signInProblem`, for the code of an authenticator app. */
export function appCodeProblem(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  if (WRONG_APP_CODES.includes(name)) return "This is not the code that the app shows now. Try the next one.";
  return SESSION_ENDS.includes(name) ? "This took too long. Sign in again." : signInProblem(error);
}

/** Cognito says it as "Password did not conform with policy: Password not long enough". */
function passwordProblem(message: string): string {
  const rule =
    message
      .split(": ")
      .at(-1)
      ?.replace(/^Password (must )?/i, "") ?? "";
  return rule ? `The password does not do: ${rule.replace(/\.$/, "")}.` : "The password does not do.";
}
