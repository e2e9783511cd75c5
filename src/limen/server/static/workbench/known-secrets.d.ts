/** Made from `src/limen/lint/known_secrets.bin` by whoever serves the page: base64 of it. */
declare const TABLE: string;
export default TABLE;
