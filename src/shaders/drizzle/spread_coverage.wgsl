//!include drizzle/spread.wgsl
//!include drizzle/sink_coverage.wgsl
