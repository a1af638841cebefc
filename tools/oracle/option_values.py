"""What stpipe makes of words on the command line, for every option of the pipeline and its steps:
python option_values.py ../../fixtures/options/values.json

{STEP: {OPTION: [TYPE, {WORD: VALUE or null where it is refused}]}}; the options that all steps have are listed once, under roman_mos.
"""
import json
import logging
import math
import os
import sys
import tempfile
from types import SimpleNamespace

os.environ.update(CRDS_PATH=os.path.join(tempfile.gettempdir(), "no-crds"), CRDS_SERVER_URL="http://localhost:1", STPIPE_DISABLE_CRDS_STEPPARS="true")
from romancal.pipeline import MosaicPipeline
from stpipe import _cmdline, config_parser

logging.disable(logging.CRITICAL)
WORDS = {
    "boolean": ["true", "TRUE", "yes", "on", "1", "t", "y", "false", "No", "off", "0", "f", "n", "perhaps", "", "None", "2"],
    "integer": ["5", "-1", "0", "1", "2", "3", "4", "2.5", "", "abc", "1e3", "+7", "1,2", "0x10", "1_000", "7.0"],
    "float": ["1.5", "-1", "0", "", "abc", "nan", "-inf", "Infinity", "1e3", "1,5", "1_0", ".5", "5.", "0x10", "2"],
    "string": ["abc", "5.0", "a/b", ".asdf", "asdf", ".fits"],
    "option": ["ivm", "median", "best", "None", "", "IVM", "ivm-sky", "match", "global+match", "exptime", "mode"],
    "int_list": ["100", "1,2", "1,2,3", "[1,2]", "a,b", "1 2", "", "1.5,2", "1,", "0,5", " 1 , 2 "],
    "float_list": ["100", "1,2", "1,2,3", "[1,2]", "a,b", "1 2", "", "1.5,2", "nan,2", "1,"],
}


def value_of(step_class, option, word):
    config = config_parser.config_from_dict({})
    try:
        _cmdline._override_config_from_args(config, SimpleNamespace(**{option: word}))
        value = getattr(step_class.from_config_section(config), option)
    except Exception:
        return None
    spell = lambda v: str(v) if isinstance(v, float) and not math.isfinite(v) else v
    return [spell(v) for v in value] if isinstance(value, list) else spell(value)


out = {}
common = set(MosaicPipeline.step_defs["flux"].load_spec_file())
for name, step_class in {"roman_mos": MosaicPipeline, **MosaicPipeline.step_defs}.items():
    rows = out[name] = {}
    for option, spec in step_class.load_spec_file().items():
        if isinstance(spec, dict) or (option in common and name != "roman_mos"):
            continue
        kind = spec.split("(")[0]
        if kind in WORDS:
            rows[option] = [kind, {word: value_of(step_class, option, word) for word in WORDS[kind]}]
with open(sys.argv[1], "w") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")
