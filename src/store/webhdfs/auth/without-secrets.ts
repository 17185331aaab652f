const secrets: readonly (readonly [pattern: RegExp, replacement: string])[] = [
  // Query parameters of WebHDFS and of block tokens; `%26` where a URL stands in another one.
  [/\b(delegation|token|signature|password)=[^&\s"'<>]+/gi, '$1=…'],
  [/\b(urlString"?\s*[:=]\s*"?)[^",}\s]+/gi, '$1…'],
  [/\b(hadoop\.auth|JSESSIONID|KNOXSESSIONID|hadoop-jwt)=("[^"]*"|[^;\s]+)/gi, '$1=…'],
  [/\b(Negotiate|Basic|Bearer)\s+[A-Za-z0-9+/=_.~-]{16,}/gi, '$1 …'],
];

/** A text of a server with everything taken out that proves who somebody is: tokens, cookies, Negotiate headers. */
export function withoutSecrets(text: string): string {
  return secrets.reduce((safe, [pattern, replacement]) => safe.replace(pattern, replacement), text);
}
