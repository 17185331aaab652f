/** Turns the words of a command of this program into the command as it can be typed. */
export type CommandFor = (words: readonly string[]) => string;

/**
 * The text with every command in it as it can be typed. Layers below the CLI know neither how the program was called nor
 * which flags name the dataset, so in their hints a command stands in backticks with its bare words: `` `recover --date
 * 2025-08-15` ``.
 */
export function withCommands(text: string, commandFor: CommandFor): string {
  return text.replaceAll(/`([^`\n]+)`/g, (_whole, words: string) => commandFor(words.split(' ')));
}

/** The same for anything that may have a hint. */
export function withHintCommands<T extends { readonly hint?: string }>(facts: T, commandFor: CommandFor): T {
  return facts.hint === undefined ? facts : { ...facts, hint: withCommands(facts.hint, commandFor) };
}
