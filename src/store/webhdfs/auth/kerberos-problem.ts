import { StoreError } from '../../../core/errors.ts';

/** Who was to be proved, and with what. */
export interface KerberosUse {
  readonly principal?: string;
  readonly keytab?: string;
}

interface Meaning {
  readonly pattern: RegExp;
  readonly code: string;
  readonly sentence: string | ((use: KerberosUse) => string);
  readonly hint: (use: KerberosUse, host: string) => string;
}

const kinit = ({ principal }: KerberosUse): string =>
  `kinit${principal === undefined ? '' : ` ${principal}`}`;

const getTicket = (use: KerberosUse): string =>
  use.keytab === undefined
    ? `get a ticket: ${kinit(use)} (KRB5CCNAME says where it lies); or name a keytab: --keytab FILE --principal NAME`
    : `look at the keytab's entries with: klist -k ${use.keytab}`;

/** What MIT Kerberos and Heimdal say, and what it means. The first that fits counts. */
const meanings: readonly Meaning[] = [
  {
    pattern: /ticket (has )?expired|credentials have expired/i,
    code: 'kerberos-ticket-expired',
    sentence: 'the Kerberos ticket has expired',
    hint: getTicket,
  },
  {
    pattern: /no suitable keys|key table|keytab/i,
    code: 'kerberos-keytab',
    sentence: 'the keytab is of no use',
    hint: ({ keytab, principal }) =>
      `look whether ${keytab ?? 'the keytab'} can be read and has an entry for ${principal ?? 'the principal'}: klist -k ${keytab ?? 'FILE'}`,
  },
  {
    pattern: /client .*not found in kerberos database|client not found/i,
    code: 'kerberos-unknown-principal',
    sentence: 'the KDC does not know the principal',
    hint: ({ principal }) =>
      `check the spelling and the realm of ${principal ?? 'the principal'} (hdfs.kerberos_principal, --principal)`,
  },
  {
    pattern: /server .*not found in kerberos database|server not found/i,
    code: 'kerberos-unknown-service',
    sentence: 'the KDC does not know the server',
    hint: (_, host) =>
      `there is no principal HTTP/${host}: name the server by the host name in its own principal ` +
      '(dfs.web.authentication.kerberos.principal)',
  },
  {
    pattern: /preauthentication failed|decrypt integrity|password incorrect|key version/i,
    code: 'kerberos-keytab',
    sentence: 'the KDC does not take the key',
    hint: ({ keytab }) =>
      `the keys of ${keytab ?? 'the keytab'} were changed since it was made: get a new one`,
  },
  {
    pattern: /clock skew/i,
    code: 'kerberos-clock-skew',
    sentence: 'the clocks are too far apart',
    hint: () =>
      'set the clock of this machine, of the KDC and of the server (timedatectl; five minutes are allowed)',
  },
  {
    pattern: /cannot (contact|find|resolve).*(kdc|network address|realm)|cannot locate/i,
    code: 'kerberos-kdc-unreachable',
    sentence: 'no KDC can be reached',
    hint: () => 'look at the realm in krb5.conf (KRB5_CONFIG names another file than /etc/krb5.conf)',
  },
  {
    pattern:
      /no kerberos credentials available|no credentials|credential.* (not found|were supplied)|can't find client principal|cache.* not found/i,
    code: 'kerberos-no-ticket',
    sentence: ({ keytab }) =>
      keytab === undefined ? 'there is no Kerberos ticket' : `no ticket can be had from the keytab ${keytab}`,
    hint: getTicket,
  },
];

/** The error of a negotiation that this machine or the KDC would not begin. */
export function kerberosProblem(cause: unknown, use: KerberosUse, host: string): StoreError {
  const said = cause instanceof Error ? cause.message : String(cause);
  const text = said
    .replaceAll(/\s+/g, ' ')
    .replace(/^(Unspecified GSS failure\.? ?)?(Minor code may provide more information:? ?)?/i, '')
    .replace(/^No credentials were supplied, or the credentials were unavailable or inaccessible: /i, '')
    .trim();
  const meaning = meanings.find(({ pattern }) => pattern.test(text));
  const sentence = typeof meaning?.sentence === 'function' ? meaning.sentence(use) : meaning?.sentence;
  const who = use.principal === undefined ? '' : ` as ${use.principal}`;
  return new StoreError(`cannot authenticate to ${host}${who}: ${sentence ?? 'Kerberos refuses'} (${text})`, {
    code: meaning?.code ?? 'kerberos-failed',
    op: 'authenticate',
    path: '/',
    hint:
      meaning?.hint(use, host) ??
      'see what klist says, and what Kerberos does with KRB5_TRACE=/dev/stderr in the environment',
    cause,
  });
}
