//!include drizzle/general.wgsl
//!include drizzle/sink_coverage.wgsl
