/** Messages that users see for Cognito's errors. Unknown errors are shown as they are. */

const BAD_CREDENTIALS = "Incorrect email or password.";
const EMAIL_TAKEN = "An account with this email already exists. Sign in or reset your password.";
const TOO_MANY_ATTEMPTS = "Too many attempts. Wait a few minutes and try again.";
const UNREACHABLE = "Can't reach the sign-in service. Check your connection and try again.";
const UNKNOWN = "Something went wrong. Try again.";

const MESSAGES: Record<string, string> = {
  NotAuthorizedException: BAD_CREDENTIALS,
  UserNotFoundException: BAD_CREDENTIALS, // does not reveal which addresses have accounts
  UserNotConfirmedException: "This account hasn't been confirmed yet.",
  UsernameExistsException: EMAIL_TAKEN,
  AliasExistsException: EMAIL_TAKEN,
  CodeMismatchException: "That code is incorrect. Enter the code from the latest email.",
  ExpiredCodeException: "That code has expired. Request a new one.",
  CodeDeliveryFailureException: "The email with the code couldn't be sent. Check the address.",
  LimitExceededException: TOO_MANY_ATTEMPTS,
  TooManyRequestsException: TOO_MANY_ATTEMPTS,
  TooManyFailedAttemptsException: TOO_MANY_ATTEMPTS,
  PasswordResetRequiredException: "Reset your password before you sign in.",
  UserAlreadyAuthenticatedException: "You are already signed in.",
  NetworkError: UNREACHABLE,
};

/** Return the message for an error of signing in, signing up or resetting a password. */
export function signInProblem(error: unknown): string {
  if (!(error instanceof Error)) return UNKNOWN;
  if (error.name === "InvalidPasswordException") return passwordProblem(error.message);
  if (error.name === "NotAuthorizedException" && /attempts exceeded/i.test(error.message)) return TOO_MANY_ATTEMPTS;
  if (error instanceof TypeError) return UNREACHABLE; // the only error that fetch gives for a broken connection
  return MESSAGES[error.name] ?? (error.message || UNKNOWN);
}

const WRONG_APP_CODES = ["CodeMismatchException", "EnableSoftwareTokenMFAException", "ExpiredCodeException"];
const SESSION_ENDED = ["NotAuthorizedException", "SignInException"]; // Cognito's, and Amplify's when it has no session

/** Return the message for an error of confirming an authenticator app's code. */
export function appCodeProblem(error: unknown): string {
  const name = error instanceof Error ? error.name : "";
  if (WRONG_APP_CODES.includes(name)) return "That code is incorrect or expired. Enter the current one.";
  return SESSION_ENDED.includes(name) ? "Sign-in timed out. Sign in again." : signInProblem(error);
}

// Parts of Cognito's messages, such as "Password must have uppercase characters".
const MISSING: readonly [RegExp, string][] = [
  [/uppercase/i, "an uppercase letter"],
  [/lowercase/i, "a lowercase letter"],
  [/numeric/i, "a digit"],
  [/symbol/i, "a symbol"],
];

/** Return what a rejected password lacks: "Use at least 12 characters. Add a digit and a symbol." */
function passwordProblem(message: string): string {
  const missing = MISSING.filter(([pattern]) => pattern.test(message)).map(([, name]) => name);
  const sentences = [
    /not long enough/i.test(message) && "Use at least 12 characters.",
    missing.length > 0 && `Add ${new Intl.ListFormat("en-US").format(missing)}.`,
  ].filter(Boolean);
  return sentences.join(" ") || "This password doesn't meet the requirements.";
}
