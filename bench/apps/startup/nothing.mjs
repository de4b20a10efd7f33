// A process that does nothing, as ES module.
import './report.cjs';
