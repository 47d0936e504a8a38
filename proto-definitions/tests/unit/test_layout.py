"""Files lie where their package says, and the generated code is fresh."""

import generate
import pytest
from google.protobuf.descriptor import FileDescriptor

from tests.descriptors import EVENT_FILES, SERVICE_FILES

FILES = [*EVENT_FILES, *SERVICE_FILES]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_file_lies_in_the_folder_of_its_package(file: FileDescriptor) -> None:
    folder = file.name.rpartition("/")[0]

    assert folder == f"pinstack_proto/{file.package.replace('.', '/')}"


def test_these_tests_know_every_proto_file() -> None:
    assert generate.proto_files() == sorted(file.name for file in FILES)


def test_the_committed_code_is_what_the_proto_files_generate() -> None:
    assert generate.stale_files() == []
