/** Made from `src/limen/lint/findings.json` by whoever serves or exports the page. */
declare const RULES: {
  rules: Record<string, { severity: "error" | "warning" | "notice"; what: string; why: string; section: string; mend: string }>;
  secret_words: string[];
  personal_words: string[];
};
export default RULES;
