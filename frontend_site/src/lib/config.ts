/** Deployment settings of this site, from /config.json; fetched once. */

import { preload } from "react-dom";

export interface SiteConfig {
  stage: string;
  userPoolId: string;
  userPoolClientId: string;
  userPoolEndpoint?: string; // path of this origin that proxies a Cognito emulator; absent on AWS
}

/** Preload the settings, so that the request starts before any script has run. */
export function preloadSiteConfig(): void {
  preload("/config.json", { as: "fetch", crossOrigin: "anonymous" });
}

let loaded: Promise<SiteConfig> | undefined;

/** Return the settings. Throws if they cannot be loaded; the next call tries again. */
export function siteConfig(): Promise<SiteConfig> {
  loaded ??= load().catch((error: unknown) => {
    loaded = undefined;
    throw error;
  });
  return loaded;
}

async function load(): Promise<SiteConfig> {
  const response = await fetch("/config.json");
  if (!response.ok) throw new Error(`/config.json: ${response.status}`);
  return (await response.json()) as SiteConfig;
}
