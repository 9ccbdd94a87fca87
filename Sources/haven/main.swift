// SPDX-License-Identifier: Apache-2.0

import Glibc
import HavenServer

// Settings may stand as flags anywhere on the command line; they are taken out before the commands are parsed.
let flags = SettingFlags(CommandLine.arguments.dropFirst(), keys: SettingsReference.flagKeys)
exit(await Haven.main(flags, environment: Environment.variables).rawValue)
