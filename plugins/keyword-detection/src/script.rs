//! Traditional characters and the simplified ones they are matched as: those of chats about pictures, not all there are.

/// Pairs, traditional before simplified, in the order of the traditional ones. Characters of Cantonese that have a common
/// word in their place are among them.
const PAIRS: &str = "\
    並并乾干亂乱佈布佔占佢他併并來来侖仑侶侣係系俠侠俾给倉仓個个們们倫伦偉伟側侧偵侦偽伪傑杰備备傭佣\
    傳传債债傷伤傾倾僅仅價价儀仪億亿償偿優优儲储兌兑兒儿內内兩两冇没冊册凍冻凱凯別别刪删則则剛刚創创\
    劃划劇剧劉刘劑剂勁劲動动務务勝胜勞劳勢势勵励勸劝匯汇區区協协卻却厭厌參参吋寸吳吴吶呐咗了哋们員员\
    唸念問问啞哑啟启啲些喇啦喚唤喪丧喬乔單单喺在嗎吗嘅的嘆叹嘍喽嘗尝噁恶噴喷嚇吓嚐尝嚟来嚴严囉啰囑嘱\
    國国圍围圓圆圖图團团報报塊块塵尘墊垫壓压壞坏壯壮壽寿夠够夢梦夾夹奪夺奮奋妝妆妳你婦妇婭娅媧娲媽妈\
    嬌娇嬰婴孫孙學学實实審审寫写寬宽寵宠將将專专尋寻對对導导層层屬属岡冈島岛嶄崭嶺岭帥帅師师帳账帶带\
    幣币幫帮幹干幾几庫库廟庙廠厂廢废廣广廳厅弔吊張张強强彈弹彎弯彥彦後后徑径從从復复徵征徹彻恆恒悅悦\
    惡恶愛爱愜惬態态慘惨慚惭慮虑憂忧憐怜憑凭憤愤憶忆應应懷怀戀恋戰战戲戏戶户挾挟捨舍掃扫掙挣掛挂採采\
    揀拣換换揮挥損损搖摇搵找搶抢摳抠摺折撥拨撲扑擁拥擇择擋挡擔担據据擠挤擬拟擰拧擴扩擺摆擻擞攔拦攜携\
    攝摄攪搅攰累敗败敵敌數数斂敛斬斩斷断於于時时晝昼暈晕暢畅暫暂曆历書书會会東东條条極极榮荣構构樂乐\
    標标樣样樹树橋桥機机橫横檔档檢检檯台櫃柜權权歎叹歐欧歡欢歲岁歷历歸归殘残殺杀殼壳氈毡氣气氳氲汙污\
    決决沒没沖冲況况洩泄涇泾涼凉淚泪淨净淵渊淺浅渾浑湊凑準准溝沟溫温滅灭滙汇滾滚滿满漬渍漲涨漸渐潑泼\
    潔洁潤润澀涩澤泽濃浓濕湿濟济濺溅濾滤瀉泻瀋沈瀏浏灑洒灘滩災灾為为無无煉炼煙烟煩烦熱热燈灯燒烧燙烫\
    爛烂爭争爺爷爾尔牆墙牠它牽牵犧牺狀状狹狭猙狰猶犹獎奖獨独獲获玆兹現现瑣琐瑤瑶環环璽玺瓊琼產产甦苏\
    畀给畝亩畢毕畫画異异當当瘋疯療疗癢痒發发皺皱盜盗盡尽監监盤盘眞真眾众睇看睏困睜睁睞睐瞇眯矚瞩確确\
    碼码礙碍礦矿禍祸禦御禮礼禿秃稅税種种稱称穩稳窩窝窮穷竄窜竪竖競竞筆笔箇个節节範范築筑簡简簽签籃篮\
    籠笼籤签粵粤糧粮糰团糾纠紀纪約约紅红紋纹紐纽紗纱紙纸級级紛纷紮扎細细紹绍終终組组結结絕绝絡络給给\
    絨绒統统絲丝綁绑經经綜综綠绿維维網网綺绮綻绽緊紧緋绯緒绪線线緣缘編编緩缓緯纬練练緻致縣县縫缝縮缩\
    縱纵總总績绩繃绷織织繞绕繪绘繼继續续纏缠纖纤纜缆罰罚罵骂罷罢羅罗義义習习聖圣聞闻聯联聰聪聲声職职\
    聽听肅肃脅胁脫脱腎肾腦脑腫肿腳脚腸肠膚肤膠胶膩腻臉脸臟脏臨临臺台與与舉举舊旧舖铺艙舱艷艳莊庄莖茎\
    華华萬万葉叶蒼苍蓋盖蔭荫蕭萧薦荐藉借藍蓝藝艺藥药蘇苏蘋苹蘭兰處处虛虚號号虧亏蝦虾螢萤蟲虫蠟蜡蠻蛮\
    術术衛卫衝冲裏里補补裝装裡里製制複复褲裤襯衬覆复見见規规視视親亲覺觉覽览觀观觸触訂订計计訊讯託托\
    記记訣诀訪访設设許许訴诉診诊詐诈評评詞词詢询試试詭诡詮诠話话該该詳详詼诙誇夸認认語语誠诚誤误說说\
    誰谁課课調调談谈請请諒谅論论諧谐諷讽諸诸諾诺謊谎謎谜謝谢謹谨譁哗證证識识譜谱譯译議议護护讀读變变\
    讒谗讓让讚赞豎竖豐丰豔艳豬猪貓猫貝贝負负財财貨货販贩貪贪責责貴贵買买貸贷費费貼贴賀贺資资賊贼賞赏\
    賠赔賣卖質质賬账賴赖賺赚購购贈赠贊赞趕赶趙赵趨趋跡迹踐践蹤踪車车軋轧軌轨軍军軟软軸轴較较載载輕轻\
    輛辆輝辉輩辈輪轮輯辑輸输轉转轟轰辦办農农迴回逕径這这連连週周遊游運运過过達达違违遜逊遞递遠远適适\
    遲迟選选遺遗遼辽邁迈還还邊边邏逻郵邮鄉乡鄧邓鄭郑鄰邻醜丑醫医醬酱釋释針针釦扣鈕钮鉛铅鉤钩銀银銅铜\
    銳锐鋒锋鋪铺鋸锯鋼钢錄录錢钱錦锦錯错錶表鍊链鍋锅鍵键鍾钟鎖锁鎮镇鏈链鏟铲鏡镜鏽锈鐘钟鐵铁鑽钻長长\
    閃闪閉闭開开閑闲閒闲閨闺閱阅闆板闊阔闖闯關关陣阵陰阴陳陈陸陆陽阳隊队階阶際际隨随險险隱隐隻只雋隽\
    雖虽雙双雜杂雞鸡難难雲云電电霧雾靈灵靚靓靜静韓韩韻韵頁页頂顶項项順顺須须頌颂預预頓顿頗颇領领頦颏\
    頭头頰颊頸颈頹颓顆颗題题額额顎颚顏颜願愿顛颠類类顧顾顫颤顯显顱颅風风飄飘飛飞飯饭飲饮飾饰餅饼餓饿\
    餘余館馆餵喂馬马駕驾駛驶騎骑騙骗騷骚驗验驚惊驟骤骯肮髒脏體体髮发鬆松鬍胡鬚须鬢鬓鬥斗鬧闹鬱郁魘魇\
    魚鱼鮮鲜鳥鸟鴨鸭鵝鹅鶴鹤鹽盐麗丽麥麦麼么黃黄點点黨党黴霉鼇鳌齊齐齒齿齡龄齣出龍龙龜龟";

/// [`PAIRS`] to search in.
static MAP: [[u16; 2]; PAIRS.len() / 6] = decode();

/// What a character is matched as.
pub(crate) fn simplified(c: char) -> char {
    let Ok(code) = u16::try_from(c as u32) else { return c };
    match MAP.binary_search_by_key(&code, |pair| pair[0]) {
        Ok(at) => char::from_u32(u32::from(MAP[at][1])).unwrap_or(c),
        Err(_) => c,
    }
}

/// Reads the pairs at compile time: every character in them takes three bytes.
const fn decode() -> [[u16; 2]; PAIRS.len() / 6] {
    let mut map = [[0; 2]; PAIRS.len() / 6];
    let bytes = PAIRS.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] as u16 & 0xf) << 12
            | (bytes[at + 1] as u16 & 0x3f) << 6
            | (bytes[at + 2] as u16 & 0x3f);
        map[at / 6][at / 3 % 2] = code;
        at += 3;
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_map_is_sorted_and_simplifies_for_good() {
        assert!(MAP.is_sorted_by(|a, b| a[0] < b[0]));
        assert!(MAP.iter().all(|pair| pair[0] >= 0x2e80), "every one is looked for");
        for pair in MAP {
            let to = char::from_u32(u32::from(pair[1])).expect("a character");
            assert_eq!(simplified(to), to, "nothing is mapped twice");
        }
        let read = |text: &str| text.chars().map(simplified).collect::<String>();
        assert_eq!(read("摳圖換底，顏色不對，麻煩處理"), "抠图换底，颜色不对，麻烦处理");
    }
}
