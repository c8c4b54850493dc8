# 网页上的文字。每一句在 en.ftl 里都有同名的一句。

product = 掌柜
language = 中文
skip = 跳到正文
nav = 主导航
nav-today = 今天
account = 账号
shops = 店铺
shops-none = 还没有店铺。
sign-in = 登录
sign-in-key = 店铺密钥
sign-in-help = 管理员给您的密钥,以 sk_ 开头。
sign-in-wrong = 这个密钥不对,或者已经作废。
sign-in-not-operator = 这个密钥不是给店主用的:请用带 operator 权限的密钥。
sign-in-wait = 试错太多次了,请 { $n } 秒后再试。
sign-out = 退出登录
sign-out-everywhere = 在所有设备上退出
back-to-start = 回到首页

problem-sign-in = 请先登录
problem-forbidden = 这一步没有通过
problem-not-found = 没有这个页面
problem-changed = 情况刚刚变了
problem-too-large = 内容太大了
problem-refused = 这样不行
problem-busy = 现在有点忙,请稍后再试
problem-broken = 出了点问题,请稍后再试

by-status = 按状态
status-all = 全部
status-pending = 待处理
status-processing = 处理中
status-awaiting-confirm = 等待客户确认
status-revision = 修改中
status-delivering = 正在发送
status-completed = 已完成
status-failed = 失败
status-cancelled = 已取消

operation-enhance = 变清晰
operation-remove-bg = 抠图
operation-resize = 改尺寸
operation-fix-old-photo = 老照片修复
operation-layered = 分层

waits-you = 等您处理
waits-customer = 等客户
waits-payment = 等付款
waits-processor = 正在作图
waits-mail = 正在发邮件

customer-id = 客户账号
filter = 筛选
tasks = 订单
tasks-none = 这里还没有订单。
before = 原图
after = 成品
pages = 翻页
newest = 回到最新
older = 更早的

span-moment = 刚刚
span-minutes = { $n } 分钟
span-hours = { $n } 小时
span-days = { $n } 天
