// SPDX-License-Identifier: Apache-2.0
import Foundation

/// OpenStack's identity service, version 3, under `/v3` and, as DevStack does, under `/identity/v3`.
package final class Keystone: Sendable {
    package let port: Int
    private let folder: String
    private let process: BackgroundProcess

    package var url: String { "http://\(testAddress):\(port)" }
    /// The account that the store's tests use.
    package static let (user, password, project, domain, region) = ("haven", "havenpw", "haven", "Default", "RegionOne")
    /// The account of Harbor's guide, in the project `admin` of the domain `default`.
    package static let guide = (user: "yourusername", password: "yourpass", project: "admin")

    private init(port: Int, folder: String, process: BackgroundProcess) {
        self.port = port
        self.folder = folder
        self.process = process
    }

    static func start(in folder: String) async throws -> Keystone {
        let port = try freePort()
        for name in ["fernet", "cred"] {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/\(name)", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        }
        try writeFile("\(folder)/serve.py", server)
        try writeFile("\(folder)/seed.py", seeding)
        let process = try await BackgroundProcess(
            Tool("/usr/bin/python3", environment: ["HOME": folder]), ["\(folder)/serve.py", folder, "\(port)"],
            logPath: "\(folder)/keystone.log")
        try await ready("http://\(testAddress):\(port)/v3", process)
        return Keystone(port: port, folder: folder, process: process)
    }

    /// Makes the accounts and the catalog's entry of a store.
    func seed(storeURL: String) async throws {
        try await Tool("/usr/bin/python3").check("\(folder)/seed.py", "\(url)/v3", storeURL)
    }

    private static let server = """
        import grp, os, pwd, sqlite3, sys
        folder, port = sys.argv[1], int(sys.argv[2])
        sys.argv = sys.argv[:1]  # keystone reads them itself
        path = folder + '/keystone.conf'
        with open(path, 'w') as file:
            file.write(f'''[DEFAULT]
        use_stderr = true
        [database]
        connection = sqlite:///{folder}/keystone.db
        [fernet_tokens]
        key_repository = {folder}/fernet
        [credential]
        key_repository = {folder}/cred
        [cache]
        enabled = true
        backend = dogpile.cache.memory
        [identity]
        password_hash_rounds = 4
        ''')
        os.environ.update(OS_KEYSTONE_CONFIG_FILES=path, OS_KEYSTONE_CONFIG_DIR=folder)
        import keystone.cmd.cli, keystone.server.wsgi
        url = f'http://\(testAddress):{port}/v3/'
        # root must say who shall own the keys
        owner = ['--keystone-user', pwd.getpwuid(os.geteuid()).pw_name, '--keystone-group',
                 grp.getgrgid(os.getegid()).gr_name]
        for arguments in (['db_sync'], ['fernet_setup'] + owner, ['credential_setup'] + owner,
                          ['bootstrap', '--bootstrap-password', 'adminpw', '--bootstrap-region-id', 'RegionOne',
                           '--bootstrap-admin-url', url, '--bootstrap-internal-url', url, '--bootstrap-public-url', url]):
            child = os.fork()
            if child == 0:
                status = 1
                try:
                    keystone.cmd.cli.main(argv=['keystone-manage', '--config-file', path] + arguments,
                                          developer_config_file=None)
                    status = 0
                except SystemExit as end:
                    status = end.code or 0
                finally:
                    os._exit(status)
            if os.waitpid(child, 0)[1]:
                sys.exit('failed: ' + arguments[0])
            if arguments[0] == 'db_sync':  # without, the database is locked now and then
                sqlite3.connect(folder + '/keystone.db').execute('pragma journal_mode=wal')
        public = keystone.server.wsgi.initialize_public_application()
        def application(environment, start):
            path = environment['PATH_INFO']
            if path == '/identity' or path.startswith('/identity/'):
                environment['SCRIPT_NAME'] += '/identity'
                environment['PATH_INFO'] = path[9:] or '/'
            return public(environment, start)
        from wsgiref.simple_server import make_server, WSGIRequestHandler
        class Quiet(WSGIRequestHandler):
            def log_message(self, *arguments): pass
        make_server('\(testAddress)', port, application, handler_class=Quiet).serve_forever()
        """

    private static let seeding = """
        import json, sys, urllib.request
        identity, store = sys.argv[1:3]
        token = None
        def call(method, path, body=None):
            headers = {'Content-Type': 'application/json', **({'X-Auth-Token': token} if token else {})}
            data = json.dumps(body).encode() if body is not None else None
            request = urllib.request.Request(identity + path, method=method, data=data, headers=headers)
            with urllib.request.urlopen(request) as answer:
                text = answer.read()
                return answer.headers, json.loads(text) if text else None
        def login(name, password, project):
            domain = {'id': 'default'}
            return call('POST', '/auth/tokens', {'auth': {
                'identity': {'methods': ['password'],
                             'password': {'user': {'name': name, 'domain': domain, 'password': password}}},
                'scope': {'project': {'name': project, 'domain': domain}}}})
        token = login('admin', 'adminpw', 'admin')[0]['X-Subject-Token']
        roles = {role['name']: role['id'] for role in call('GET', '/roles')[1]['roles']}
        def project(name):
            return call('POST', '/projects', {'project': {'name': name, 'domain_id': 'default'}})[1]['project']['id']
        def user(name, password, project, role):
            body = {'user': {'name': name, 'password': password, 'domain_id': 'default', 'default_project_id': project}}
            identity = call('POST', '/users', body)[1]['user']['id']
            call('PUT', f'/projects/{project}/users/{identity}/roles/{roles[role]}')
        user('swift', 'swiftpw', project('service'), 'admin')
        user('haven', 'havenpw', project('haven'), 'member')
        user('yourusername', 'yourpass', call('GET', '/projects?name=admin')[1]['projects'][0]['id'], 'member')
        service = call('POST', '/services', {'service': {'name': 'swift', 'type': 'object-store'}})[1]['service']['id']
        for interface in ('public', 'internal', 'admin'):
            call('POST', '/endpoints', {'endpoint': {
                'interface': interface, 'region_id': 'RegionOne', 'service_id': service,
                'url': store + '/v1/AUTH_%(tenant_id)s'}})
        headers, body = login('haven', 'havenpw', 'haven')
        account = store + '/v1/AUTH_' + body['token']['project']['id']
        for method, url, more in (('PUT', account + '/haven', {}),
                                  ('POST', account, {'X-Account-Meta-Temp-URL-Key': 'signing key'})):
            request = urllib.request.Request(url, method=method, data=b'',
                                             headers={'X-Auth-Token': headers['X-Subject-Token'], **more})
            urllib.request.urlopen(request).read()
        """
}
