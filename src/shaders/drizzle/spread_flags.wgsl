//!include drizzle/spread.wgsl
//!include drizzle/sink_flags.wgsl
