/** The two questions about ranges of versions. Loaded when one is asked that plain-range.ts cannot answer, never at boot. */
import satisfies from 'semver/functions/satisfies';
import isGreater from 'semver/ranges/gtr';

export { isGreater, satisfies };
