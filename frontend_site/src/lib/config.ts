/** Where this page is: /config.json, fetched once. */

import { preload } from "react-dom";

export interface SiteConfig {
  stage: string;
  userPoolId: string;
  userPoolClientId: string;
  userPoolEndpoint?: string; // a path of our own origin, where Cognito is not Amazon's own
}

/** For layouts whose pages will ask: the file is on its way before any script has run. */
export function preloadSiteConfig(): void {
  preload("/config.json", { as: "fetch", crossOrigin: "anonymous" });
}

let loaded: Promise<SiteConfig> | undefined;

/** Throws where the file cannot be had; the next call tries again. */
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
