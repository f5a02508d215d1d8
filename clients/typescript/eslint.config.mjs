// By the web app's tools: this package has none of its own.
import tseslint from "../../frontend_site/node_modules/typescript-eslint/dist/index.js";

export default tseslint.config(
  { ignores: ["dist/", "build/", "test/", "src/schema.ts", "*.mjs"] },
  ...tseslint.configs.strictTypeChecked,
  { languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } } },
  { rules: { "@typescript-eslint/no-confusing-void-expression": ["error", { ignoreArrowShorthand: true }] } },
);
