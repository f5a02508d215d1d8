import "./globals.css";

import type { Metadata, Viewport } from "next";
import localFont from "next/font/local";
import type { ReactNode } from "react";

const inter = localFont({
  src: "../node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2",
  variable: "--font-inter",
  weight: "100 900",
  display: "optional", // preloaded; if it still arrives late, the fallback stays so that the text does not shift
});

export const metadata: Metadata = {
  title: { default: "Video Sentiment", template: "%s · Video Sentiment" },
  description:
    "Apparent emotion and sentiment for every utterance of a video, predicted from words, voice and face together.",
};

export const viewport: Viewport = {
  colorScheme: "light dark",
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    // theme.js may set data-theme before React hydrates.
    <html lang="en" className={inter.variable} suppressHydrationWarning>
      <head>
        {/* Blocks the first paint on purpose: otherwise the page flashes in the wrong color scheme. */}
        <script src="/theme.js" />
      </head>
      <body>{children}</body>
    </html>
  );
}
