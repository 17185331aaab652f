import type { BaseLocation, Settings } from '../../config/settings.ts';

/**
 * What another process must know to come to the same files: plain JSON without any secret, and without paths of files on
 * this machine. How it proves who it is (keytab, ticket), and whom it trusts, it knows by itself.
 */
export interface DatasetPlace {
  readonly base: BaseLocation;
  readonly hdfs: Pick<
    Settings['hdfs'],
    | 'user'
    | 'authentication'
    | 'kerberosPrincipal'
    | 'proxyUser'
    | 'timeoutMs'
    | 'failoverMs'
    | 'allowedRedirectHosts'
    | 'limits'
  >;
  readonly csrfHeader?: NonNullable<Settings['hdfs']['hadoop']>['csrfHeader'];
  readonly maxRetries: number;
  readonly swap: Settings['consolidation']['swap'];
}

/**
 * The place of the dataset that settings point at.
 * @param user who asks where nothing configured says so: whoever runs the other process must not be asked
 */
export function placeOf({ base, hdfs, safety, consolidation }: Settings, user: string): DatasetPlace {
  const { authentication, kerberosPrincipal, proxyUser, timeoutMs, failoverMs, limits } = hdfs;
  const { allowedRedirectHosts, hadoop } = hdfs;
  return {
    base,
    hdfs: {
      user: hdfs.user ?? user,
      authentication,
      ...(kerberosPrincipal === undefined ? {} : { kerberosPrincipal }),
      ...(proxyUser === undefined ? {} : { proxyUser }),
      timeoutMs,
      failoverMs,
      ...(allowedRedirectHosts === undefined ? {} : { allowedRedirectHosts }),
      limits,
    },
    ...(hadoop?.csrfHeader === undefined ? {} : { csrfHeader: hadoop.csrfHeader }),
    maxRetries: safety.maxRetries,
    swap: consolidation.swap,
  };
}

/** The settings of this process, pointed at a place. How it proves who it is counts before what comes with the place. */
export function settingsAt(
  own: Settings,
  { base, hdfs, csrfHeader, maxRetries, swap }: DatasetPlace,
): Settings {
  const { authentication, kerberosPrincipal, hadoop } = own.hdfs;
  return {
    ...own,
    base,
    hdfs: {
      ...own.hdfs,
      ...hdfs,
      ...(authentication === 'auto' ? {} : { authentication }),
      ...(kerberosPrincipal === undefined ? {} : { kerberosPrincipal }),
      basePath: base.path,
      ...(csrfHeader === undefined
        ? {}
        : {
            hadoop: {
              directory: '',
              nameServices: [],
              authentication: 'simple',
              sources: {},
              ...hadoop,
              csrfHeader,
            },
          }),
    },
    safety: { ...own.safety, maxRetries },
    consolidation: { ...own.consolidation, swap },
  };
}
