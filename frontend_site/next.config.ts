import type { NextConfig } from "next";

const config: NextConfig = {
  output: "export",
  trailingSlash: true, // each page is a folder with an index.html, which any file server can serve
  reactStrictMode: true,
  poweredByHeader: false,
  images: { unoptimized: true },
  typescript: { ignoreBuildErrors: true }, // `npm run check` runs tsc; the build need not repeat it
  generateBuildId: () => "site", // fixed, so that builds are reproducible
};

export default config;
