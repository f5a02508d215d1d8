/** Two-step sign-in with the code of an authenticator app (TOTP). */

import * as auth from "aws-amplify/auth";

import { ready } from "./cognito";

const ISSUER = "Video Sentiment"; // the name that the app shows

export interface Secret {
  text: string; // for typing into an app
  uri: string; // otpauth:// URI for the QR code
}

export async function hasSecondFactor(): Promise<boolean> {
  await ready();
  const { enabled = [] } = await auth.fetchMFAPreference();
  return enabled.includes("TOTP");
}

/** Create a secret for an authenticator app. It takes effect once `enableSecondFactor` verifies a code from the app. */
export async function newSecret(email: string): Promise<Secret> {
  await ready();
  const details = await auth.setUpTOTP();
  return { text: details.sharedSecret, uri: details.getSetupUri(ISSUER, encodeURIComponent(email)).href };
}

export async function enableSecondFactor(code: string): Promise<void> {
  await ready();
  await auth.verifyTOTPSetup({ code });
  await auth.updateMFAPreference({ totp: "PREFERRED" });
}

export async function disableSecondFactor(): Promise<void> {
  await ready();
  await auth.updateMFAPreference({ totp: "DISABLED" });
}
