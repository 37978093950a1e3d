"""The command ``rustabi check``: will these modules load on that kernel, and run?"""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any, Final

from rustabi.cli.answer import Answer, Say
from rustabi.cli.gate import add_rules, gate_of

if TYPE_CHECKING:
    pass

SUMMARY: Final = "will this kernel module load on that kernel, and run"
TEXT: Final = """\
Tells whether the kernel would load each MODULE, and whether it would then run correctly. MODULE is
a .ko file, also packed or signed, or a folder of them. --kernel names what is known of the kernel:
a vmlinux, a build folder, a Module.symvers, objects such as rust/kernel.o, or a snapshot; repeated,
all of it is put together. --baseline names the same of the kernel that the modules were built
against: then the reason of each version that differs is told.

Checked are, each with a result of its own: symbols (all are exported to this module), versions
(those of MODVERSIONS, by the loader's rules), toolchain (architecture, vermagic, rustc), layout
(all types that both debug infos define). What could not be checked is listed. Rules tolerate
findings, or take them for another severity (docs/rules.md); the page tells those, too.

exit codes here:
  0  all load and agree in what was checked
  1  the kernel would refuse one, or a layout disagrees that an imported symbol reaches, and no
     rule tolerates it
  2  no verdict"""
EXAMPLES: Final = (
    "rustabi check rust_misc_device.ko --kernel Module.symvers",
    "rustabi check modules/ --kernel vmlinux --fail-on risky",
    "rustabi check my.ko --kernel new/vmlinux --baseline old/vmlinux",
    "rustabi check modules/ --kernel vmlinux --rules accepted.toml",
)


def add_arguments(command: Any) -> None:
    """The arguments of the command, but for those of its output."""
    command.add_argument("modules", metavar="MODULE", nargs="+", help="what is to be loaded")
    command.add_argument(
        "--kernel", metavar="TARGET", action="append", default=[],
        help="what is known of the kernel; may be repeated",
    )  # fmt: skip
    command.add_argument(
        "--baseline", metavar="TARGET", action="append", default=[],
        help="what is known of the kernel that the modules were built against; may be repeated",
    )  # fmt: skip
    command.add_argument(
        "--debug-dir", metavar="FOLDER", action="append", default=[],
        help="look here for debug info in files of their own (by build-id or .gnu_debuglink); may"
        " be repeated",
    )  # fmt: skip
    command.add_argument(
        "--all", action="store_true", help="list what is no problem, too, and long lists whole"
    )
    group = command.add_argument_group("gate", "what fails, and what does not")
    group.add_argument(
        "--fail-on", metavar="LEVEL", action="append", default=[],
        help="besides what the loader refuses and layouts that disagree: risky or api (findings of"
        " that severity or worse, exit code 1), gap (anything that could not be checked, exit code"
        " 2); several with commas, or repeated",
    )  # fmt: skip
    add_rules(group)


def run_check(options: Namespace, say: Say) -> Answer:
    """What the check has to say.

    Raises:
        RustabiError: A file of the kernel cannot be read, or the arguments make no sense.
    """
    from rustabi.check import check_modules
    from rustabi.report.check import CODES, check_report

    found = check_modules(
        options.modules, options.kernel, options.baseline, say, options.debug_dir, options.means,
        gate=gate_of(options),
    )  # fmt: skip
    report = check_report(found)
    return Answer(report, options.all, code=CODES[report.verdict])
