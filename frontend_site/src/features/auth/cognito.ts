/** Cognito through Amplify. The password never leaves the browser (SRP); tokens are discarded with the last tab. */

import { Amplify } from "aws-amplify";
import * as auth from "aws-amplify/auth";
import { cognitoUserPoolsTokenProvider } from "aws-amplify/auth/cognito";
import { sessionStorage } from "aws-amplify/utils";

import { siteConfig } from "@/lib/config";

import { SharedSession, tabChannel } from "./shared-session";

let configured: Promise<void> | undefined;
let shared: SharedSession | undefined;

/** Return this tab's part of the session. If another tab signs out, this one returns to the sign-in page. */
function sharedSession(): SharedSession {
  shared ??= new SharedSession(globalThis.sessionStorage, tabChannel(), () => location.assign(signInPage()));
  return shared;
}

/** Return the path of the sign-in page that leads back to the current page. */
export function signInPage(): string {
  return `/sign-in/?next=${encodeURIComponent(location.pathname + location.search)}`;
}

async function configure(): Promise<void> {
  const [{ userPoolId, userPoolClientId, userPoolEndpoint }] = await Promise.all([
    siteConfig(),
    sharedSession().join(),
  ]);
  const endpoint = userPoolEndpoint ? new URL(userPoolEndpoint, location.origin).href : undefined;
  Amplify.configure({
    Auth: { Cognito: { userPoolId, userPoolClientId, ...(endpoint ? { userPoolEndpoint: endpoint } : {}) } },
  });
  cognitoUserPoolsTokenProvider.setKeyValueStorage(sessionStorage);
}

/** Resolve once Amplify is configured with the deployment's user pool. */
export function ready(): Promise<void> {
  configured ??= configure().catch((error: unknown) => {
    configured = undefined;
    throw error;
  });
  return configured;
}

export type SignInStep = "signed-in" | "confirm" | "reset" | "app-code";

export async function signIn(email: string, password: string): Promise<SignInStep> {
  await ready();
  const { nextStep } = await auth.signIn({ username: email, password });
  if (nextStep.signInStep === "CONFIRM_SIGN_UP") return "confirm";
  if (nextStep.signInStep === "RESET_PASSWORD") return "reset";
  if (nextStep.signInStep === "CONFIRM_SIGN_IN_WITH_TOTP_CODE") return "app-code";
  if (nextStep.signInStep === "DONE") return "signed-in";
  throw new Error(`Unsupported sign-in step: ${nextStep.signInStep}`);
}

/** Submit the authenticator app's code after `signIn` returned "app-code". */
export async function confirmSignIn(code: string): Promise<void> {
  await ready();
  await auth.confirmSignIn({ challengeResponse: code });
}

export async function signUp(email: string, password: string): Promise<void> {
  await ready();
  await auth.signUp({ username: email, password, options: { userAttributes: { email } } });
}

export async function confirmSignUp(email: string, code: string): Promise<void> {
  await ready();
  await auth.confirmSignUp({ username: email, confirmationCode: code });
}

export async function resendCode(email: string): Promise<void> {
  await ready();
  await auth.resendSignUpCode({ username: email });
}

export async function requestReset(email: string): Promise<void> {
  await ready();
  await auth.resetPassword({ username: email });
}

export async function confirmReset(email: string, code: string, newPassword: string): Promise<void> {
  await ready();
  await auth.confirmResetPassword({ username: email, confirmationCode: code, newPassword });
}

/** End the session in all tabs and revoke its refresh token. */
export async function signOut(): Promise<void> {
  await ready();
  sharedSession().end();
  await auth.signOut();
}

/** Return the ID token, refreshed if it has expired; null without a session. */
export async function idToken(options: { refresh?: boolean } = {}): Promise<string | null> {
  await ready();
  const { tokens } = await auth.fetchAuthSession({ forceRefresh: options.refresh ?? false });
  return tokens?.idToken?.toString() ?? null;
}

/** Return the email address of the signed-in user; null without a session. */
export async function currentEmail(): Promise<string | null> {
  await ready();
  const { tokens } = await auth.fetchAuthSession();
  const email = tokens?.idToken?.payload.email;
  return typeof email === "string" ? email : null;
}
