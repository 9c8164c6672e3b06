"""What a killed run leaves beside its target is found and removed; what is alive, or not ours, stays."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

import jitrisk as jr
from jitrisk.errors import ResultError
from jitrisk.files import atomic_files, temporary_folders
from jitrisk.files.temporary_folders import MARKER, OLD, UNLOCKED_AGE

# Makes a temporary folder as a writer does, and says its name; then is killed, or waits.
WRITER = """
import os, sys, time
from pathlib import Path
from jitrisk.files.temporary_folders import OLD, TemporaryFolder
target = Path(sys.argv[1])
folder = TemporaryFolder(target)
folder.make()
(folder.path / target.name).mkdir()
if target.exists() and "aside" in sys.argv:
    os.rename(target, folder.path / OLD)
print(folder.path.name, flush=True)
if "wait" in sys.argv:
    time.sleep(100)
os.kill(os.getpid(), 9)
"""


def start(target, *words):
    """Start a writer; return its process and the name of its folder."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(target), *words], stdout=subprocess.PIPE, text=True)
    name = writer.stdout.readline().strip()
    writer.stdout.close()
    if "wait" not in words:
        writer.wait()
    return writer, name


def write(target):
    with atomic_files.replace_atomically(target) as fresh:
        fresh.write_text("new")


def test_check_folder__the_folder_of_a_killed_run_is_removed_by_the_next_that_writes_beside_it(tmp_path):
    _, name = start(tmp_path / "run.zarr")
    assert os.listdir(tmp_path) == [name]
    atomic_files.check_folder(tmp_path / "other.nc")
    assert os.listdir(tmp_path) == []


def test_check_folder__the_folder_of_a_live_run_stays(tmp_path):
    writer, name = start(tmp_path / "run.zarr", "wait")
    try:
        os.utime(tmp_path / name, (0, 0))
        os.utime(tmp_path / name / MARKER, (0, 0))
        os.utime(tmp_path / name / "run.zarr", (0, 0))
        atomic_files.check_folder(tmp_path / "other.nc")
        assert os.listdir(tmp_path) == [name]
    finally:
        writer.kill()
        writer.wait()
    atomic_files.check_folder(tmp_path / "other.nc")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("age", "stays"), [(UNLOCKED_AGE - 60, True), (UNLOCKED_AGE + 60, False)])
@pytest.mark.parametrize("cause", ["other machine", "no locks"])
def test_temporary_folders__where_no_lock_can_tell_age_decides(tmp_path, monkeypatch, age, stays, cause):
    if cause == "no locks":
        monkeypatch.setattr(temporary_folders, "_lock", lambda file, wait: False)
        folder = temporary_folders.TemporaryFolder(tmp_path / "run.nc")
        folder.make()
        name = folder.path.name
    else:
        _, name = start(tmp_path / "run.zarr")
        monkeypatch.setattr(temporary_folders, "_identify_host", lambda: "elsewhere")
    changed = time.time() - age
    for place in [*(tmp_path / name).iterdir(), tmp_path / name]:
        os.utime(place, (changed, changed))
    atomic_files.check_folder(tmp_path / "other.nc")
    assert os.listdir(tmp_path) == ([name] if stays else [])


def test_check_folder__what_is_not_clearly_a_temporary_folder_of_ours_stays(tmp_path):
    digits = "0123456789abcdef"
    for name in (f".run.nc-{digits[::-1]}", ".run.nc-1234", f"run.nc-{digits}"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "precious").touch()
    (tmp_path / f".run.nc-{digits}").write_text("precious")
    elsewhere = tmp_path / "elsewhere"
    _, name = start(elsewhere)
    os.rename(tmp_path / name, elsewhere)
    (tmp_path / f".link-{digits}").symlink_to(elsewhere)
    before = sorted(tmp_path.rglob("*"))
    atomic_files.check_folder(tmp_path / "other.nc")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("content", ["", "{", "[]", '{"target": "../x", "host": "h", "locked": true}', "\0" * 5000])
def test_check_folder__a_marker_that_says_nothing_removes_nothing(tmp_path, content):
    _, name = start(tmp_path / "run.zarr")
    (tmp_path / name / MARKER).write_text(content)
    atomic_files.check_folder(tmp_path / "other.nc")
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("marker", [False, True])
def test_check_folder__a_run_that_was_killed_before_it_wrote_its_marker_leaves_nothing(tmp_path, marker):
    folder = tmp_path / ".run.nc-0123456789abcdef"
    folder.mkdir()
    if marker:
        (folder / MARKER).touch()
    atomic_files.check_folder(tmp_path / "other.nc")
    assert os.listdir(tmp_path) == []


def test_sweep__a_run_whose_folder_was_taken_for_left_over_makes_it_again(tmp_path, monkeypatch):
    lock, taken = temporary_folders._lock, []

    def take_first(file, wait):
        if not taken:
            taken.append(file)
            temporary_folders.sweep(tmp_path)
        return lock(file, wait)

    folder = temporary_folders.TemporaryFolder(tmp_path / "run.nc")
    monkeypatch.setattr(temporary_folders, "_lock", take_first)
    folder.make()
    assert os.listdir(tmp_path) == [folder.path.name]
    atomic_files.check_folder(tmp_path / "other.nc")
    assert os.listdir(tmp_path) == [folder.path.name]
    folder.discard()
    assert os.listdir(tmp_path) == []


def test_save__a_target_that_a_killed_run_moved_aside_is_back_when_it_is_read(tmp_path):
    jr.save(jr.simulate("bicycles", 7), tmp_path / "run.zarr")
    _, name = start(tmp_path / "run.zarr", "aside")
    assert os.listdir(tmp_path) == [name]
    assert jr.open(tmp_path / "run.zarr").sizes["path"] == 7


def test_check_folder__a_target_that_a_killed_run_moved_aside_is_back_when_something_is_written_beside_it(tmp_path):
    (tmp_path / "run.zarr").mkdir()
    (tmp_path / "run.zarr" / "precious").touch()
    start(tmp_path / "run.zarr", "aside")
    write(tmp_path / "other")
    atomic_files.check_folder(tmp_path / "other")
    assert sorted(os.listdir(tmp_path)) == ["other", "run.zarr"]
    assert os.listdir(tmp_path / "run.zarr") == ["precious"]


def test_open__a_target_that_cannot_be_moved_back_is_named(tmp_path, monkeypatch):
    (tmp_path / "run.zarr").mkdir()
    _, name = start(tmp_path / "run.zarr", "aside")

    def refuse(source, target):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "rename", refuse)
    with pytest.raises(ResultError, match="a run that was killed left it in ") as error:
        jr.open(tmp_path / "run.zarr")
    assert str(error.value).endswith(f"{name}/{OLD}")


def test_replace_atomically__a_folder_is_replaced_in_one_step(tmp_path, monkeypatch):
    """At every moment between two calls of the system there is a folder of that name."""
    target = tmp_path / "run.zarr"
    target.mkdir()
    monkeypatch.setattr(os, "replace", None)
    with atomic_files.replace_atomically(target) as fresh:
        fresh.mkdir()
        (fresh / "new").touch()
    assert os.listdir(target) == ["new"]
    assert os.listdir(tmp_path) == ["run.zarr"]


def test_replace_atomically__a_long_name_has_a_temporary_folder(tmp_path):
    target = tmp_path / ("ü" * 120 + ".txt")
    write(target)
    assert os.listdir(tmp_path) == [target.name]
    assert Path(target).read_text() == "new"


def test_check_folder__a_run_that_was_killed_while_it_cleaned_up_leaves_nothing(tmp_path):
    """Killed when it had renamed its folder and put a file in its place, and had removed all but the marker."""
    _, name = start(tmp_path / "run.zarr")
    (tmp_path / name / "run.zarr").rmdir()
    os.rename(tmp_path / name, tmp_path / f"{name}-removed")
    (tmp_path / name).touch()
    atomic_files.check_folder(tmp_path / "other.nc")
    assert os.listdir(tmp_path) == []


def test_temporary_folders__the_marker_is_removed_last(tmp_path, monkeypatch):
    folder = temporary_folders.TemporaryFolder(tmp_path / "run.zarr")
    folder.make()
    for name in ("a", "run.zarr", "z"):
        (folder.path / name).mkdir()
        (folder.path / name / "block").touch()
    held = []
    real = temporary_folders.shutil.rmtree

    def rmtree(path, **options):
        if Path(path).name in ("a", "run.zarr", "z"):
            held.append((Path(path).parent / MARKER).exists())
        real(path, **options)

    monkeypatch.setattr(temporary_folders.shutil, "rmtree", rmtree)
    folder.discard()
    assert held == [True] * 3
    assert os.listdir(tmp_path) == []


def test_recover__a_target_whose_name_has_two_lines_is_recovered(tmp_path):
    target = tmp_path / "a\nb.zarr"
    target.mkdir()
    start(target, "aside")
    assert not target.exists()
    assert temporary_folders.recover(target) == target
    atomic_files.check_folder(tmp_path / "other.nc")
    assert os.listdir(tmp_path) == [target.name]


def test_check_folder__a_link_into_no_folder_is_named(tmp_path):
    (tmp_path / "run.nc").symlink_to(tmp_path / "none" / "run.nc")
    with pytest.raises(ResultError, match=r"is a link into '.*none', and there is no such folder"):
        atomic_files.check_folder(tmp_path / "run.nc")
