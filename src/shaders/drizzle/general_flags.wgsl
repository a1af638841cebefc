//!include drizzle/general.wgsl
//!include drizzle/sink_flags.wgsl
