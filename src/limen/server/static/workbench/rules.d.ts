/** Made from `src/limen/lint/findings.json` by whoever serves or exports the page. */
declare const RULES: {
  /** Severity, sentence, reason, section and mend of each id. */
  rules: Record<string, ["error" | "warning" | "notice", string, string, string, string]>;
  secret_words: string[];
  personal_words: string[];
};
export default RULES;
