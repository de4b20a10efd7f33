/** The two questions about ranges of versions. Loaded with the first package that declares a range, never at boot. */
import satisfies from 'semver/functions/satisfies';
import isGreater from 'semver/ranges/gtr';

export { isGreater, satisfies };
