"""Parameter files as stpipe writes them: python parameters.py ../../fixtures/parameters"""
import os
import sys
import tempfile

os.environ.update(CRDS_PATH=os.path.join(tempfile.gettempdir(), "no-crds"), CRDS_SERVER_URL="http://localhost:1", STPIPE_DISABLE_CRDS_STEPPARS="true")
from romancal.pipeline import MosaicPipeline

pipeline = MosaicPipeline()
pipeline.skymatch.skystat = "median"
pipeline.resample.output_shape = [10, 20]
pipeline.export_config(os.path.join(sys.argv[1], "roman_mos.asdf"), include_metadata=True)
for name, step in MosaicPipeline.step_defs.items():
    step().export_config(os.path.join(sys.argv[1], f"{name}.asdf"), include_metadata=True)
