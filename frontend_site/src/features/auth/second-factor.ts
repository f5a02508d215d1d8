/** The code of an authenticator app (TOTP) as the second step of signing in: whether it is asked for, and the switch. */

import * as auth from "aws-amplify/auth";

import { ready } from "./cognito";

const ISSUER = "Video Sentiment"; // what the app calls it

export interface Secret {
  text: string; // to be typed into an app
  address: string; // otpauth://, to be scanned by one
}

export async function hasSecondFactor(): Promise<boolean> {
  await ready();
  const { enabled = [] } = await auth.fetchMFAPreference();
  return enabled.includes("TOTP");
}

/** A new secret for the account's app. Nothing changes until `switchOn` proves that the app has it. */
export async function newSecret(email: string): Promise<Secret> {
  await ready();
  const details = await auth.setUpTOTP();
  return { text: details.sharedSecret, address: details.getSetupUri(ISSUER, encodeURIComponent(email)).href };
}

export async function switchOn(code: string): Promise<void> {
  await ready();
  await auth.verifyTOTPSetup({ code });
  await auth.updateMFAPreference({ totp: "PREFERRED" });
}

export async function switchOff(): Promise<void> {
  await ready();
  await auth.updateMFAPreference({ totp: "DISABLED" });
}
