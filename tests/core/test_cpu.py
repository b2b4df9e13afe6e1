import subprocess
import sys
from pathlib import Path

from impasto.core.cpu import cpu_features, has_fast_bfloat16


def cpuinfo(folder: Path, flags: str, vendor: str = "GenuineIntel") -> Path:
    """A file as Linux shows it, for two cores."""
    core = (
        f"vendor_id\t: {vendor}\nmodel name\t: Some CPU\nflags\t\t: {flags}\nbugs\t\t: amx_bf16\n\n"
    )
    path = folder / "cpuinfo"
    path.write_text(core * 2)
    return path


def test_bfloat16_is_fast_with_amx_and_on_amd(tmp_path: Path) -> None:
    """Only the line of flags counts, and AVX512-BF16 is enough on AMD alone."""
    assert has_fast_bfloat16(cpuinfo(tmp_path, "fpu avx512_bf16 amx_bf16 amx_tile"))
    assert not has_fast_bfloat16(cpuinfo(tmp_path, "fpu avx512_bf16"))
    assert has_fast_bfloat16(cpuinfo(tmp_path, "fpu avx512_bf16", "AuthenticAMD"))
    assert not has_fast_bfloat16(cpuinfo(tmp_path, "fpu avx512f", "AuthenticAMD"))


def test_features_are_those_that_matter(tmp_path: Path) -> None:
    """Other flags are left out and the rest is sorted."""
    assert cpu_features(cpuinfo(tmp_path, "fpu avx512f sse2 avx2")) == ["avx2", "avx512f"]


def test_an_unknown_machine_has_no_features(tmp_path: Path) -> None:
    """Where the file is missing nothing is assumed."""
    assert cpu_features(tmp_path / "none") == []
    assert not has_fast_bfloat16(tmp_path / "none")


def test_a_process_that_stands_back_knows_it() -> None:
    """What was started with a higher nice value says so; an ordinary process does not."""
    code = (
        "import os; from impasto.core.cpu import stands_back; before = os.nice(0) > 0;"
        "print(stands_back() == before); os.nice(39); print(stands_back())"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["True", "True"]
