//!include drizzle/spread.wgsl
//!include drizzle/sink_variance.wgsl
