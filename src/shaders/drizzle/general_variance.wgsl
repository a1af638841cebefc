//!include drizzle/general.wgsl
//!include drizzle/sink_variance.wgsl
